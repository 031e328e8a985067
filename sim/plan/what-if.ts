import { type EdgePolicy, policySchema } from '../../edge/core/policy.ts'
import type { Series } from '../bulk/series.ts'

// What each behaviour of the edge is worth: the same storm with one of them off, for every switch of edge/core/policy.ts.

export interface SwitchOff {
  readonly name: string
  readonly policy: EdgePolicy
}

/** What stands for "off" where a switch is no yes or no. */
const offValues: Partial<EdgePolicy> = {
  lifetimeGrain: 'second',
  lockCovers: 'new',
  afterLockTimeout: 'origin',
  sharedFailureMs: 0,
  proxy_cache_use_stale: [],
}
/** What waits for a fill that does not wake it looks again as nginx does. */
const polling: Partial<EdgePolicy> = { wakeOnFill: false, lockPollMs: 500 }

/** Every behaviour that `policy` has, put off alone. */
export function switchesOff(policy: EdgePolicy): SwitchOff[] {
  return Object.entries(policySchema.shape).flatMap(([name, schema]): SwitchOff[] => {
    const key = name as keyof EdgePolicy
    const off = schema.type === 'boolean' ? false : offValues[key]
    if (off === undefined || JSON.stringify(policy[key]) === JSON.stringify(off)) return []
    const change = key === 'wakeOnFill' ? polling : { [key]: off }
    return [{ name, policy: { ...policy, ...change, name: `${policy.name}-${name}` } }]
  })
}

/** What one variant costs the origin, over the whole storm and at its peak. */
export interface OriginCost {
  readonly requests: number
  readonly peakRequestsPerSecond: number
  readonly bytes: number
  readonly withoutSegment: number
}

export function originCostOf(series: Series, regions: readonly string[]): OriginCost {
  let [requests, peak, bytes] = [0, 0, 0]
  for (let second = 0; second < series.seconds; second++) {
    let inSecond = 0
    for (const region of regions) {
      inSecond += series.origin('origin.requests', region)[second] as number
      inSecond += series.origin('origin.other_requests', region)[second] as number
      bytes += series.origin('origin.bytes', region)[second] as number
    }
    requests += inSecond
    peak = Math.max(peak, inSecond)
  }
  const without = (['edge.negative', 'edge.refused', 'edge.failed'] as const).flatMap(name => [...series.get(name)])
  return {
    requests,
    peakRequestsPerSecond: peak,
    bytes,
    withoutSegment: without.reduce((sum, value) => sum + value, 0),
  }
}

export interface WhatIf extends OriginCost {
  readonly off: string
  /** Requests to the origin beyond those of the whole policy, as a multiple of them. */
  readonly times: number
}

/** The switches, the dearest first. */
export const ranked = (
  base: OriginCost,
  variants: readonly { readonly off: string; readonly cost: OriginCost }[],
): WhatIf[] =>
  variants
    .map(({ off, cost }) => ({ off, ...cost, times: cost.requests / Math.max(1, base.requests) }))
    .toSorted((a, b) => b.requests - a.requests || (a.off < b.off ? -1 : 1))
