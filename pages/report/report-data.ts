import { joinHistograms } from '../../results/record/merge.ts'
import type { RunRecord, Variant } from '../../results/record/record.ts'
import { headline } from '../../results/render/headline.ts'
import { type PercentileBand, percentileBands } from './percentiles.ts'
import { wordsOfAction } from './words-of-action.ts'

// What a report shows, as plain data: made from records, drawn by html.ts (words, tables) and page.ts (curves).

/** One value for each second of the storm, from its first; null where nothing was counted in the second. */
type Series = readonly number[]

export interface ReportVariant {
  /** Unique in the report. */
  readonly name: string
  readonly requestsPerSecond: Series
  readonly egressBytesPerSecond: Series
  readonly held: Series
  /** From the publication of a live segment, or the player's asking if that is later, to its first byte. */
  readonly waits: readonly PercentileBand[]
  readonly figures: Variant['figures']
  readonly checks: Variant['checks']
  /** What the scenario did, in seconds from the start of the storm. */
  readonly marks: readonly { readonly atS: number; readonly what: string }[]
}

export interface ReportData {
  readonly title: string
  readonly headline: string
  readonly shows: string
  readonly world: RunRecord['world']
  readonly partial: boolean
  readonly variants: readonly ReportVariant[]
  readonly leftOut: readonly string[]
  readonly reproduce: readonly {
    readonly command: string
    readonly seed: number
    readonly commit: string
    readonly scenarioSha256: string
    readonly machine: string
  }[]
}

/** Percentiles on the axis of waits. */
const percents = [50, 75, 90, 95, 99, 99.9]

/** What stands beside every measurement on one machine (design, "Numbers that are honest"). */
const leftOutOfRuns: readonly string[] = [
  'Origin, edges and players share one machine: times include its scheduler, and the network is the loopback.',
  'Nothing speaks TLS; a real edge pays for it in CPU and in connection set-up.',
  'Players download and verify every body; they do not decode.',
  'Clock errors, arrivals and seeks are distributions that the scenario states; assumptions are marked there.',
]
const leftOutOfSimulations: readonly string[] = [
  'Kernel, TCP in detail, garbage collection and the network interface are not modelled.',
  'Service times and latencies come from a calibration; what they were measured on is named in it.',
]

/** The report of one or several records; variants of several records stand beside each other. */
export function reportOf(records: readonly RunRecord[]): ReportData {
  const [first] = records
  if (!first) throw new RangeError('a report needs at least one record')
  const isSimulated = records.some(({ world }) => world === 'simulated')
  const isMeasured = records.some(({ world }) => world === 'real')
  return {
    title: `Tidegate: ${[...new Set(records.map(({ scenario }) => scenario.name))].join(', ')}`,
    headline: records.map(headline).join(' '),
    shows: [...new Set(records.map(({ scenario }) => scenario.shows))].join(' '),
    world: first.world,
    partial: records.some(({ partial }) => partial),
    variants: unique(records.flatMap(record => record.variants.map(variant => variantOf(record, variant, records)))),
    leftOut: [...(isMeasured ? leftOutOfRuns : []), ...(isSimulated ? leftOutOfSimulations : [])],
    reproduce: records.map(({ environment, seed, commit, scenario }) => ({
      command: environment.command,
      seed,
      commit,
      scenarioSha256: scenario.sha256,
      machine: `${environment.cpu}, ${environment.cores} cores, ${environment.platform}, Node ${environment.node}`,
    })),
  }
}

function variantOf(record: RunRecord, variant: Variant, records: readonly RunRecord[]): ReportVariant {
  const { startedMs, endedMs, parts, actions, figures, checks } = variant
  const seconds = { from: Math.floor(startedMs / 1_000), to: Math.floor(endedMs / 1_000) }
  const origins = parts.filter(({ role }) => role === 'origin')
  const series = (name: string): Series => {
    const length = Math.max(0, seconds.to - seconds.from)
    return Array.from({ length }, (_, i) =>
      origins.reduce((sum, { timeline }) => sum + (timeline[name]?.[String(seconds.from + i)] ?? 0), 0),
    )
  }
  const fleets = parts.filter(({ role }) => role === 'fleet')
  const waits = joinHistograms(fleets.flatMap(({ histograms }) => histograms.publication_to_first_byte_ms ?? []))
  const scenarios = new Set(records.map(({ scenario }) => scenario.sha256))
  const qualifier = scenarios.size > 1 ? `${record.scenario.name}: ` : ''
  return {
    name: `${qualifier}${variant.name}${record.world === 'simulated' ? ' (simulated)' : ''}`,
    requestsPerSecond: series('requests'),
    egressBytesPerSecond: series('bytes_sent'),
    held: series('held'),
    waits: waits === undefined || waits.totalCount === 0 ? [] : percentileBands(waits, percents),
    figures,
    checks,
    marks: actions.map(({ atMs, action }) => ({ atS: (atMs - startedMs) / 1_000, what: wordsOfAction(action) })),
  }
}

/** Variants of the same name (two runs beside each other) are numbered. */
function unique(variants: readonly ReportVariant[]): ReportVariant[] {
  const seen = new Map<string, number>()
  return variants.map(variant => {
    const times = (seen.get(variant.name) ?? 0) + 1
    seen.set(variant.name, times)
    return times === 1 ? variant : { ...variant, name: `${variant.name} (${times})` }
  })
}
