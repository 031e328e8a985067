import Table from 'cli-table3'
import { formatAmount, formatIn, formatSecond } from '../plan/amounts.ts'
import type { CostName } from '../plan/costs.ts'
import type { PlanFigure, PlanRecord, PlanStorm } from '../plan/plan-record.ts'
import { kneeOf, largest, type SweepPoint, swept } from '../plan/sweep.ts'
import type { WhatIf } from '../plan/what-if.ts'

// A plan as text for a terminal. It reads the record and nothing else.

const plain = { style: { head: [], border: [], compact: true } }

export function renderPlan(record: PlanRecord): string {
  const { plan, input, partial, error } = record
  const shard = input.shard ? `, shard ${input.shard.index} of ${input.shard.of}` : ''
  const head = [
    `${plan.name}: ${plan.shows.trim()}`,
    `${formatAmount(input.viewers)} viewers, ${formatAmount(input.edges)} edges in ${formatAmount(input.sites)} sites of ${input.classes} classes, ` +
      `${input.regions.join(' and ')}, ${input.renditions} renditions, ${formatSecond(Math.round(input.durationMs / 1_000))}, policy ${plan.policy}${shard}`,
    ...(partial ? ['PARTIAL: it was ended before its time; what follows counts only what was done by then'] : []),
  ]
  return [
    head.join('\n'),
    figureTable(record.figures),
    stormTables(record.storms),
    needsText(record),
    ...(record.whatIf ? [whatIfTable(record.whatIf as unknown as WhatIf[])] : []),
    costsText(record),
    leftOutText(record),
    bandsText(error.source),
  ].join('\n\n')
}

function figureTable(figures: readonly PlanFigure[]): string {
  const table = new Table({ head: ['tier', 'what', 'peak', 'at', 'band', 'mean', 'used', 'full at'], ...plain })
  for (const figure of figures) {
    const { tier, region, what, unit, peak, peakAtSecond, mean, use, viewersAtCapacity } = figure
    if (peak === 0) continue
    table.push([
      region === undefined ? tier : `${tier} ${region}`,
      what,
      formatIn(peak, unit),
      formatSecond(peakAtSecond),
      bandText(figure, unit),
      formatIn(mean, unit),
      use === undefined ? '' : `${(use * 100).toFixed(use < 0.1 ? 1 : 0)} %`,
      use === undefined ? '' : fullAt(viewersAtCapacity),
    ])
  }
  return table.toString()
}

const bandText = ({ low, high, band }: Pick<PlanFigure, 'low' | 'high' | 'band'>, unit: string): string =>
  `${formatIn(low, unit)} to ${formatIn(high, unit)}${band === 'burst' ? ' *' : ''}`

const fullAt = (viewers: number | null | undefined): string =>
  viewers === undefined ? '' : viewers === null ? 'not by viewers' : `${formatAmount(viewers)} viewers`

function stormTables(storms: readonly PlanStorm[]): string {
  return storms
    .map(({ what, fromSecond, toSecond, measures }) => {
      const table = new Table({ head: ['', 'before', 'peak', 'at', 'band', 'beyond that level'], ...plain })
      for (const measure of measures) {
        const { name, unit, before, peak, peakAtSecond, beyond } = measure
        if (peak === 0 && before === 0) continue
        const total = unit === '1' ? '' : `${formatAmount(Math.max(0, beyond))}${unit === 'bit/s' ? ' bit' : ''}`
        table.push([
          name.replaceAll('_', ' '),
          formatIn(before, unit),
          formatIn(peak, unit),
          formatSecond(peakAtSecond),
          bandText(measure, unit),
          total,
        ])
      }
      return `${what} (${formatSecond(fromSecond)} to ${formatSecond(toSecond)})\n${table.toString()}`
    })
    .join('\n\n')
}

function needsText({ needs, saturates }: PlanRecord): string {
  const lines = needs.map(({ region, originNodes, because, becauseAtSecond, memcachedGib, backboneBitsPerSecond }) => {
    const decided =
      because === '' ? '' : ` (${because.replaceAll('_', ' ')} at ${formatSecond(becauseAtSecond)} decides)`
    const rest = `${memcachedGib.toFixed(1)} GiB of memcached, ${formatIn(backboneBitsPerSecond, 'bit/s')} of backbone`
    return `${region} needs ${originNodes} origin nodes with one to spare${decided}, ${rest}`
  })
  const first = saturates
    ? `Full first: ${saturates.what} (${saturates.figure}), at ${formatAmount(saturates.viewers)} viewers.`
    : 'Nothing that has a capacity here grows with the viewers.'
  return [...lines, first].join('\n')
}

const costWords: readonly (readonly [CostName, string, string])[] = [
  ['originRequestMs', 'a request at the origin', 'ms of a core'],
  ['originMsPerMib', 'a MiB from the origin', 'ms of a core'],
  ['tlsMsPerMib', 'TLS for a MiB', 'ms of a core'],
  ['tlsHandshakeMs', 'a TLS handshake', 'ms of a core'],
  ['newConnectionShare', 'requests that need a new connection', 'of all'],
]

function costsText({ costs }: PlanRecord): string {
  const lines = costWords.flatMap(([name, what, unit]) => {
    const cost = costs[name]
    return cost ? [`  ${what}: ${Number(cost.value.toPrecision(3))} ${unit}, ${cost.from} (${cost.source})`] : []
  })
  return ['What a request costs the origin:', ...lines].join('\n')
}

const bandsText = (source: string): string =>
  [
    `Bands: ${source}.`,
    '* A burst at a fault: where in its second the fault falls is not known. No second, wherever it begins, holds more than the upper end, if what comes before and goes on after is steady.',
  ].join('\n')

function leftOutText({ figures }: PlanRecord): string {
  const byTier = new Map(figures.map(({ tier, leftOut }) => [tier, leftOut]))
  return ['What the model leaves out:', ...[...byTier].map(([tier, text]) => `  ${tier}: ${text}`)].join('\n')
}

function whatIfTable(rows: readonly WhatIf[]): string {
  const table = new Table({
    head: ['without', 'origin requests', 'times', 'peak', 'bytes', 'without a segment'],
    ...plain,
  })
  for (const { off, requests, times, peakRequestsPerSecond, bytes, withoutSegment } of rows) {
    table.push([
      off,
      formatAmount(requests),
      times.toFixed(times < 10 ? 2 : 0),
      formatIn(peakRequestsPerSecond, '1/s'),
      `${formatAmount(bytes)}B`,
      formatAmount(withoutSegment),
    ])
  }
  return `What each behaviour of the edge keeps from the origin, the dearest first:\n${table.toString()}`
}

export function renderSweep(name: string, points: readonly SweepPoint[]): string {
  const table = new Table({ head: [name, ...swept.map(([, words]) => words)], ...plain })
  for (const { value, figures } of points) {
    table.push([
      formatAmount(value),
      ...swept.map(([figure]) => {
        const found = largest(figures, figure)
        return found ? formatIn(found.peak, found.unit) : ''
      }),
    ])
  }
  const values = points.map(({ value }) => value)
  const knees = swept.flatMap(([figure, words]) => {
    const knee = kneeOf(
      values,
      points.map(({ figures }) => largest(figures, figure)?.peak ?? 0),
    )
    return knee === undefined ? [] : [`  ${words}: at ${name} = ${formatAmount(knee)}`]
  })
  const bends =
    knees.length > 0 ? ['Knees, where a curve bends most:', ...knees] : ['No curve has a knee in this range.']
  return `${table.toString()}\n\n${bends.join('\n')}`
}
