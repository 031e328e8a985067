import { policySchema } from '../../edge/core/policy.ts'
import { nearest } from '../../scenarios/wanted.ts'
import { parseAmount } from './amounts.ts'
import { PlanError } from './plan-error.ts'
import type { PlanFlags, PlanInput } from './plan-input.ts'
import type { PlanFigure } from './plan-record.ts'

// One number of a plan is moved from one end to the other; what comes of it is a curve, and its knee.

/** Makes a plan's input with flags of its own. */
export type InputMaker = (flags: PlanFlags) => PlanInput

interface Variable {
  readonly name: string
  readonly whole: boolean
  readonly apply: (make: InputMaker, value: number) => PlanInput
}

const flag = (name: 'viewers' | 'edges' | 'sites'): Variable => ({
  name,
  whole: true,
  apply: (make, value) => make({ [name]: Math.round(value) }),
})

const eventField = (
  field: 'holdAheadMs' | 'longestHoldMs' | 'publishDelayMs' | 'candidateWaitMs' | 'dvrWindowMs',
): Variable => ({
  name: `policy.${field}`,
  whole: false,
  apply: (make, value) => {
    const input = make({})
    return { ...input, event: { ...input.event, [field]: value } }
  },
})

/** Numbers among the switches of a policy. */
const policyFields: readonly Variable[] = Object.entries(policySchema.shape)
  .filter(([, schema]) => schema.type === 'number')
  .map(([field]) => ({
    name: `policy.${field}`,
    whole: false,
    apply: (make, value) => {
      const input = make({})
      return { ...input, policy: { ...input.policy, [field]: value } }
    },
  }))

const sweepVariables: readonly Variable[] = [
  flag('viewers'),
  flag('edges'),
  flag('sites'),
  {
    name: 'fleet.dvrShare',
    whole: false,
    apply: (make, value) => {
      const input = make({})
      return { ...input, fleet: { ...input.fleet, dvrShare: value } }
    },
  },
  eventField('holdAheadMs'),
  eventField('longestHoldMs'),
  eventField('publishDelayMs'),
  eventField('candidateWaitMs'),
  eventField('dvrWindowMs'),
  ...policyFields,
]

export interface Sweep {
  readonly variable: Variable
  readonly values: readonly number[]
}

/** Ends that are further apart than this are stepped through by factors, not by differences. */
const farApart = 20

/** `viewers=1M..100M`. Throws PlanError that says what would be right. */
export function parseSweep(text: string, steps: number): Sweep {
  const match = /^([A-Za-z_.]+)=([^.]+(?:\.[0-9]+[kMGT]?)?)\.\.(.+)$/.exec(text)
  if (!match) throw new PlanError([`'${text}' is no sweep: write NAME=FROM..TO, as in viewers=1M..100M`])
  const [, given = '', fromText = '', toText = ''] = match
  const names = sweepVariables.map(({ name }) => name)
  const variable = sweepVariables.find(({ name }) => name === given)
  if (!variable) {
    const near = nearest(given, names)
    throw new PlanError([
      `there is nothing called '${given}' to sweep; ${near ? `did you mean '${near}'?` : `there are: ${names.join(', ')}`}`,
    ])
  }
  const [from, to] = [parseAmount(fromText), parseAmount(toText)]
  if (from === undefined || to === undefined || from >= to) {
    throw new PlanError([`a sweep goes from a number up to a larger one, as in ${given}=1M..100M; '${text}' does not`])
  }
  return { variable, values: valuesBetween(from, to, steps, variable.whole) }
}

function valuesBetween(from: number, to: number, steps: number, whole: boolean): number[] {
  const byFactor = from > 0 && to / from > farApart
  const values = Array.from({ length: steps }, (_, step) => {
    const share = steps === 1 ? 0 : step / (steps - 1)
    const value = byFactor ? from * (to / from) ** share : from + (to - from) * share
    return whole ? Math.round(value) : value
  })
  return [...new Set(values)]
}

export interface SweepPoint {
  readonly value: number
  readonly figures: readonly PlanFigure[]
  /** Requests of players that got no segment, over the whole storm. */
  readonly withoutSegment: number
  readonly originRequests: number
}

/** Figures that a sweep shows, with their words. */
export const swept: readonly (readonly [string, string])[] = [
  ['edge_requests_per_s', 'edge requests'],
  ['edge_bits_per_s', 'edge egress'],
  ['origin_requests_per_s', 'origin requests'],
  ['origin_bits_per_s', 'origin egress'],
  ['origin_held', 'held at the origin'],
  ['edge_without_segment_per_s', 'without a segment'],
]

/** The largest over the regions. */
export const largest = (figures: readonly PlanFigure[], name: string): PlanFigure | undefined =>
  figures
    .filter(figure => figure.name === name || figure.name.startsWith(`${name}.`))
    .toSorted((a, b) => b.peak - a.peak)[0]

/**
 * Where a curve bends most: the point farthest from the straight line between its ends (Satopaa et al. 2011, "Finding a
 * Kneedle in a Haystack"). Undefined where it is as good as straight.
 */
export function kneeOf(values: readonly number[], heights: readonly number[]): number | undefined {
  const [low, high] = [Math.min(...heights), Math.max(...heights)]
  const [first, last] = [values[0] as number, values.at(-1) as number]
  if (values.length < 3 || high === low) return undefined
  // Also where steps go by factors: a cost that grows with its cause has no knee.
  const place = (value: number): number => (value - first) / (last - first)
  const height = (value: number): number => (value - low) / (high - low)
  const [start, end] = [height(heights[0] as number), height(heights.at(-1) as number)]
  let [farthest, at] = [0, -1]
  for (let i = 1; i < values.length - 1; i++) {
    const line = start + (end - start) * place(values[i] as number)
    const distance = Math.abs(height(heights[i] as number) - line)
    if (distance > farthest) [farthest, at] = [distance, i]
  }
  return farthest < straight ? undefined : values[at]
}

/** Of the curve's height: a bend that is smaller is none. */
const straight = 0.1
