import { joinHistograms } from '../../results/record/merge.ts'
import type { Variant } from '../../results/record/record.ts'

// What is compared of our preset `nginx` and of nginx itself, and when the two differ.

/** One measure of one run. */
export interface Measure {
  readonly name: string
  readonly unit: '' | ' ms'
  /** Differences below this are not the policy's: a request more, the speed of a server. */
  readonly floor: number
  readonly of: (variant: Variant) => number
}

const figure = (name: string) => (variant: Variant) => variant.figures[name] ?? 0

/** Two servers answer at different speeds on a busy machine; what nginx decides shows in tens and hundreds of ms. */
const speedMs = 15

/** From the instant at which a player could have had its segment to the first byte: at this percentile, ms. */
function wait(percent: number, variant: Variant): number {
  const name = 'publication_to_first_byte_ms'
  const waits = joinHistograms(
    variant.parts.flatMap(part => (part.role === 'fleet' ? (part.histograms[name] ?? []) : [])),
  )
  return waits === undefined ? 0 : waits.getValueAtPercentile(percent) / 1_000
}

export const measures: readonly Measure[] = [
  { name: 'origin segment requests', unit: '', floor: 2, of: figure('origin_segment_requests') },
  { name: 'wait p50', unit: ' ms', floor: speedMs, of: variant => wait(50, variant) },
  { name: 'wait p90', unit: ' ms', floor: speedMs, of: variant => wait(90, variant) },
  { name: 'early 404s', unit: '', floor: 2, of: figure('early_404_seen') },
  { name: 'last 404 after publication', unit: ' ms', floor: speedMs, of: figure('last_404_after_publication_ms') },
]

export interface Comparison {
  readonly measure: Measure
  readonly preset: readonly number[]
  readonly real: readonly number[]
  /** The two differ by more than a tenth and by more than two runs of nginx do: the preset is wrong. */
  readonly differs: boolean
}

export const compare = (measure: Measure, preset: readonly number[], real: readonly number[]): Comparison => {
  const apart = Math.abs(mean(preset) - mean(real))
  const noise = Math.max(...real) - Math.min(...real)
  return { measure, preset, real, differs: apart > Math.max(0.1 * mean(real), noise, measure.floor) }
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
