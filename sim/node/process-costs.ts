import { fcnnlsVector } from 'ml-fcnnls'
import { decodeHistogram } from '../../results/record/merge.ts'
import type { Part } from '../../results/record/part.ts'
import { sum, total, totalWith } from '../../results/sums.ts'
import type { Calibration } from '../calibration.ts'
import type { CalibrationRun, Seen, StormSeen } from './read-runs.ts'
import { histogramValues, quantilesOf } from './samples.ts'

// What each kind of work costs the process that does it in CPU, all told: the kernel, the parser and the event loop too,
// which no request's own time shows. A process counts its CPU, and each kind of work how often it was done; from storms
// that do them in different proportions (many requests or few, small bodies or large, with a cache or without) follows
// what one of each costs, by least squares, no cost being negative. What remains, a process spends by the second, whether
// it is asked or not, and the garbage collector is told apart: it comes in pauses (network/pauses.ts).

const mib = 1024 * 1024
/** Fewer say nothing of how long pauses last. */
const fewestPauses = 20

/** `fetch`, and `fetchedMib` of its body, come on top of the request that it is made for. */
const edgeKinds = ['hit', 'refusal', 'wait', 'fetch', 'fetchedMib', 'sentMib', 'second'] as const
const originKinds = ['serve', 'refusal', 'hold', 'put', 'servedMib', 'second'] as const
const fleetKinds = ['answer', 'refusal', 'receivedMib', 'second'] as const
/** As many PUTs come in every second of every storm: what a packager spends by the second is told apart from nothing. */
const pipelineKinds = ['put', 'sentMib'] as const
/** How often each kind was done; of bodies, MiB. */
type Done<Kinds extends readonly string[]> = Readonly<Record<Kinds[number], number>>
/** ms of CPU of one of each kind; of kinds that were never seen, 0. */
type Costs<Kinds extends readonly string[]> = Readonly<Record<Kinds[number], number>>

export interface ProcessCosts {
  readonly edge: Costs<typeof edgeKinds>
  readonly origin: Costs<typeof originKinds>
  readonly fleet: Costs<typeof fleetKinds>
  readonly pipeline: Costs<typeof pipelineKinds>
  readonly pauses: Calibration['cores']['pauses']
}

/** All processes of one role in one storm. */
interface Spent<Kinds extends readonly string[]> {
  readonly cpuMs: number
  readonly done: Done<Kinds>
}

/** Costs of processes, as the storms of `run` show them. */
export function processCostsOf({ storms, origin }: Pick<CalibrationRun, 'storms' | 'origin'>): ProcessCosts {
  const edges = storms.map(storm => ({ cpuMs: cpuMsOf(storm, 'edge'), done: edgeDone(storm) }))
  const origins = storms.map(storm => {
    const released = [...origin].filter(([id, { ticket }]) => id.startsWith(storm.mark) && ticket !== undefined)
    return { cpuMs: cpuMsOf(storm, 'origin'), done: originDone(storm, mibOf(released.map(([, seen]) => seen))) }
  })
  const fleets = storms.map(storm => ({ cpuMs: cpuMsOf(storm, 'fleet'), done: fleetDone(storm) }))
  const pipelines = storms.map(storm => ({ cpuMs: cpuMsOf(storm, 'pipeline'), done: pipelineDone(storm) }))
  const costs = {
    edge: costsOf(edgeKinds, edges),
    origin: costsOf(originKinds, origins),
    fleet: costsOf(fleetKinds, fleets),
    pipeline: costsOf(pipelineKinds, pipelines),
  }
  const parts = storms.flatMap(storm => storm.parts)
  return {
    ...costs,
    pauses: {
      ...pausesOf(parts, 'edge', 'edge', workedMs(edges, costs.edge)),
      ...pausesOf(parts, 'origin', 'origin', workedMs(origins, costs.origin)),
      ...pausesOf(parts, 'fleet', 'generator', workedMs(fleets, costs.fleet)),
      ...pausesOf(parts, 'pipeline', 'pipeline', sum(pipelines.map(({ cpuMs }) => cpuMs))),
    },
  }
}

/** What was spent on what was asked: the rest goes by whether anybody asks or not, and leaves no garbage to speak of. */
const workedMs = (storms: readonly Spent<readonly ['second']>[], { second }: { readonly second: number }): number =>
  sum(storms.map(({ cpuMs, done }) => Math.max(0, cpuMs - second * done.second)))

/** ms of one of each kind, so that the storms' CPU comes out with the least relative error. */
function costsOf<Kinds extends readonly string[]>(kinds: Kinds, storms: readonly Spent<Kinds>[]): Costs<Kinds> {
  const seen = storms.filter(({ cpuMs }) => cpuMs > 0)
  const shown = kinds.filter((kind: Kinds[number]) => seen.some(({ done }) => done[kind] > 0)) as Kinds[number][]
  const none = Object.fromEntries(kinds.map(kind => [kind, 0]))
  if (shown.length === 0) return none as Costs<Kinds>
  // Columns of like size, so that no tolerance of the solver is one kind's more than another one's.
  const scale = shown.map(kind => Math.max(...seen.map(({ cpuMs, done }) => done[kind] / cpuMs)))
  const rows = seen.map(({ cpuMs, done }) => shown.map((kind, i) => done[kind] / cpuMs / (scale[i] as number)))
  const solved = fcnnlsVector(rows, new Array(seen.length).fill(1)).K.to1DArray()
  const costs = shown.map((kind, i) => [kind, (solved[i] as number) / (scale[i] as number)])
  return { ...none, ...Object.fromEntries(costs) } as Costs<Kinds>
}

/** Of all processes of `role`, without what their garbage collectors stood still for. */
function cpuMsOf({ parts }: StormSeen, role: Part['role']): number {
  const own = parts.filter(part => part.role === role)
  const pausedMs = sum(own.map(({ histograms: { gc_pause_ms: pauses } }) => pausedMsOf(pauses)))
  return Math.max(0, total(own, 'cpu_ms') - pausedMs)
}

function edgeDone({ parts, seconds }: StormSeen): Done<typeof edgeKinds> {
  const edges = parts.filter(({ role }) => role === 'edge')
  const asked = ['', 'other_', 'sibling_'].map(asker => `${asker}requests.reason.`)
  const by = (reasons: string) => sum(asked.map(name => totalWith(edges, `${name}${reasons}`)))
  const [hit, refusal] = [by('hit') + by('stale-'), by('negative-hit') + by('refused-')]
  return {
    hit,
    refusal,
    wait: by('') - hit - refusal,
    fetch: totalWith(edges, 'fetches.reason.'),
    // What edges fetch of one another is in neither: it is little, and sent once more.
    fetchedMib:
      total(
        parts.filter(({ role }) => role === 'origin'),
        'bytes_sent',
      ) / mib,
    sentMib: total(edges, 'bytes_sent') / mib,
    second: seconds * edges.length,
  }
}

function originDone({ parts, seconds }: StormSeen, releasedMib: number): Done<typeof originKinds> {
  const origins = parts.filter(({ role }) => role === 'origin')
  const [asked, hold] = [totalWith(origins, 'requests.reason.'), total(origins, 'requests.reason.held')]
  const serve = totalWith(origins, 'requests.reason.published') + total(origins, 'requests.reason.described')
  return {
    serve,
    hold,
    refusal: asked - serve - hold,
    put: totalWith(origins, 'publishes.reason.'),
    // Whoever is released gets what the origin has at hand: nothing is read for it.
    servedMib: Math.max(0, total(origins, 'bytes_sent') / mib - releasedMib),
    second: seconds * origins.length,
  }
}

function fleetDone({ parts, seconds }: StormSeen): Done<typeof fleetKinds> {
  const fleets = parts.filter(({ role }) => role === 'fleet')
  const [answered, refusal] = [
    totalWith(fleets, 'responses.status.'),
    totalWith(fleets, 'responses.status.4') + totalWith(fleets, 'responses.status.5'),
  ]
  const receivedMib = total(fleets, 'bytes_received') / mib
  return { answer: answered - refusal, refusal, receivedMib, second: seconds * fleets.length }
}

function pipelineDone({ parts }: StormSeen): Done<typeof pipelineKinds> {
  const pipelines = parts.filter(({ role }) => role === 'pipeline')
  return { put: total(pipelines, 'puts'), sentMib: total(pipelines, 'bytes_sent') / mib }
}

function pausesOf(
  all: readonly Part[],
  role: Part['role'],
  name: keyof ProcessCosts['pauses'],
  workedMs: number,
): ProcessCosts['pauses'] {
  const parts = all.filter(part => part.role === role)
  const lasted = parts.flatMap(part => histogramValues([part], role, 'gc_pause_ms'))
  if (lasted.length < fewestPauses) return {}
  const everyMs = Math.max(1, workedMs / lasted.length)
  return { [name]: { everyMs, lastsMs: quantilesOf(lasted) } }
}

function pausedMsOf(encoded: string | undefined): number {
  if (encoded === undefined) return 0
  const { mean, totalCount } = decodeHistogram(encoded)
  return (mean * totalCount) / 1_000
}

const mibOf = (seen: readonly Seen[]): number => sum(seen.map(({ bytes = 0 }) => bytes)) / mib
