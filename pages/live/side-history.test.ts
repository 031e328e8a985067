import { describe, expect, it } from 'vitest'
import { type EdgePolicy, presets } from '../../edge/core/policy.ts'
import type { SideReading } from '../../lab/duel-readings.ts'
import { behavioursOf } from './behaviours.ts'
import { quantileOf, SideHistory } from './side-history.ts'

const presetOn = Object.fromEntries(Object.entries(presets).map(([name, policy]) => [name, behavioursOf(policy)]))

interface Given {
  readonly reasons?: Record<string, number>
  readonly origin?: number
  readonly fleet?: Record<string, number>
  readonly waits?: number[]
  readonly policy?: Partial<EdgePolicy>
  readonly down?: boolean
}

function reading({ reasons = {}, origin = 0, fleet = {}, waits = [0, 0, 0], policy = {}, down }: Given): SideReading {
  const counts = Object.fromEntries(
    Object.entries(reasons).map(([reason, count]) => [`requests.reason.${reason}`, count]),
  )
  const state = { policy: { ...(presets.oca as EdgePolicy), ...policy }, waiting: 5, fetches: 2, counts }
  return {
    edges: [{ edge: 'right1', state: down ? undefined : state }],
    fleet: { players: 10, present: 9, inFlight: 0, counts: fleet, waits: { boundsMs: [10, 100], counts: waits } },
    traffic: { requests: origin, held: 3 },
  }
}

describe('one side, from readings of its processes', () => {
  it('sorts what edges did, and takes it by the second over the last two', () => {
    const side = new SideHistory()
    side.take(reading({ reasons: { hit: 50 }, origin: 5 }), 0, presetOn)
    const after = { hit: 150, 'negative-hit': 4, collapsed: 10, 'lock-poll': 2, 'fill-miss': 6, 'refused-too-early': 8 }
    const { flow } = side.take(reading({ reasons: after, origin: 11 }), 1_000, presetOn)
    expect(flow).toEqual({ asked: 130, hits: 100, negative: 4, collapsed: 12, fills: 6, refused: 8 })
    const { rates, totals, fetching, joined, held } = side.take(
      reading({ reasons: after, origin: 11 }),
      2_000,
      presetOn,
    )
    expect([rates.asked, rates.hits, rates.origin]).toEqual([65, 50, 3])
    expect([totals.origin, fetching, joined, held]).toEqual([6, 2, 3, 3])
    expect(side.take(reading({ reasons: after, origin: 11 }), 3_001, presetOn).rates.asked).toBe(0)
  })

  it('counts on where a process has begun anew, and over one that is down', () => {
    const side = new SideHistory()
    side.take(reading({ reasons: { hit: 500 }, fleet: { rebuffers: 7 }, origin: 90 }), 0, presetOn)
    const down = side.take(reading({ down: true, fleet: { rebuffers: 9 }, origin: 90 }), 200, presetOn)
    expect([down.edges[0]?.alive, down.flow.asked, down.totals.stops]).toEqual([false, 0, 9])
    const back = side.take(reading({ reasons: { hit: 3 }, fleet: { rebuffers: 1 }, origin: 2 }), 400, presetOn)
    expect([back.flow.hits, back.totals.stops, back.totals.origin]).toEqual([3, 10, 2])
  })

  it('names a preset, and says when a switch of it was changed', () => {
    const side = new SideHistory()
    expect(side.take(reading({}), 0, presetOn).policy).toBe('oca')
    const { policy, on } = side.take(reading({ policy: { designatedFill: false } }), 200, presetOn)
    expect(policy).toBe('oca, changed')
    expect(on).not.toContain('designatedFill')
  })

  it('knows how long viewers waited of late, not ever since', () => {
    const side = new SideHistory()
    side.take(reading({ waits: [1_000, 0, 0] }), 0, presetOn)
    expect(side.take(reading({ waits: [1_000, 0, 0] }), 200, presetOn).waitMs).toBeUndefined()
    const { waitMs } = side.take(reading({ waits: [1_000, 100, 0] }), 400, presetOn)
    expect(waitMs).toEqual({ p50: 55, p99: 99.1 })
  })
})

describe('a quantile of buckets', () => {
  it('lies within its bucket, and at the last bound for what is beyond', () => {
    expect(quantileOf([10, 10, 0], [10, 20], 0.5)).toBe(10)
    expect(quantileOf([10, 10, 0], [10, 20], 0.75)).toBe(15)
    expect(quantileOf([0, 0, 5], [10, 20], 0.5)).toBe(20)
    expect(quantileOf([0, 0, 0], [10, 20], 0.5)).toBeUndefined()
  })
})
