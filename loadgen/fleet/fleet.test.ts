import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { fleetSchema } from '../../scenarios/schema.ts'
import { type FleetPlayer, type FleetSource, placeOf, playerSetups, setupOf, shardIndices } from './fleet.ts'

const event = anEvent()
const startMs = event.startMs + 60_000
const aFleet = (fleet: object, changes: Partial<FleetSource> = {}): FleetSource => ({
  fleet: fleetSchema.parse({ players: 2_000, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 10_000, share: 1 }], ...fleet }),
  event,
  seed: 7,
  startMs,
  durationMs: 60_000,
  ...changes,
})
const all = (source: FleetSource): FleetPlayer[] => [...playerSetups(source)]
const shareOf = (players: readonly FleetPlayer[], is: (player: FleetPlayer) => boolean) =>
  players.filter(is).length / players.length
const relative = (instant: number | undefined) => (instant ?? Number.NaN) - startMs

describe('arrivals', () => {
  test('a ramp is uniform over its interval, and ends with the run', () => {
    const joins = all(aFleet({ arrivals: [{ is: 'ramp', fromMs: 2_000, toMs: 100_000, share: 1 }] })).map(player =>
      relative(player.joinMs),
    )
    expect(Math.min(...joins)).toBeGreaterThanOrEqual(2_000)
    expect(Math.max(...joins)).toBeLessThanOrEqual(60_000)
    expect(joins.filter(join => join < 31_000).length / joins.length).toBeCloseTo(0.5, 1)
  })

  test('a push loses half of its players every half-life, and shares are scaled', () => {
    const source = aFleet({
      players: 8_000,
      arrivals: [
        { is: 'push', atMs: 5_000, halfLifeMs: 2_000, share: 0.2 },
        { is: 'ramp', fromMs: 40_000, toMs: 50_000, share: 0.6 },
      ],
    })
    const joins = all(source).map(player => relative(player.joinMs))
    const pushed = joins.filter(join => join < 40_000)
    expect(pushed.length / joins.length).toBeCloseTo(0.25, 1)
    expect(Math.min(...pushed)).toBeGreaterThanOrEqual(5_000)
    expect(pushed.filter(join => join < 7_000).length / pushed.length).toBeCloseTo(0.5, 1)
    expect(pushed.filter(join => join < 9_000).length / pushed.length).toBeCloseTo(0.75, 1)
  })

  test('a push whose tail outlasts the run still brings everybody in', () => {
    const source = aFleet({ arrivals: [{ is: 'push', atMs: 50_000, halfLifeMs: 60_000, share: 1 }] })
    for (const { joinMs } of all(source)) expect(relative(joinMs)).toBeLessThanOrEqual(60_000)
  })

  test('half-time sends a share away and brings it back; a leave wave takes it for good', () => {
    const players = all(
      aFleet({
        arrivals: [
          { is: 'ramp', fromMs: 0, toMs: 1_000, share: 1 },
          { is: 'half-time', fromMs: 10_000, toMs: 20_000, share: 0.3 },
          { is: 'leave-wave', fromMs: 30_000, toMs: 40_000, share: 0.6 },
        ],
      }),
    )
    expect(shareOf(players, player => player.away !== undefined)).toBeCloseTo(0.3, 1)
    expect(shareOf(players, player => player.leaveMs !== undefined)).toBeCloseTo(0.6, 1)
    for (const { away, leaveMs } of players) {
      if (away !== undefined) {
        expect(relative(away.fromMs)).toBeGreaterThanOrEqual(10_000)
        expect(relative(away.toMs)).toBeLessThanOrEqual(20_000)
        expect(away.toMs).toBeGreaterThan(away.fromMs)
      }
      if (leaveMs !== undefined) expect(Math.abs(relative(leaveMs) - 35_000)).toBeLessThanOrEqual(5_000)
    }
  })
})

test('half-time and leave waves touch only those who are there', () => {
  const players = all(
    aFleet({
      arrivals: [
        { is: 'ramp', fromMs: 0, toMs: 60_000, share: 1 },
        { is: 'half-time', fromMs: 10_000, toMs: 20_000, share: 1 },
        { is: 'leave-wave', fromMs: 30_000, toMs: 40_000, share: 1 },
      ],
    }),
  )
  for (const { joinMs, away, leaveMs } of players) {
    expect(away?.fromMs ?? Infinity).toBeGreaterThan(joinMs)
    expect(leaveMs ?? Infinity).toBeGreaterThan(joinMs)
    if (relative(joinMs) < 10_000) expect(away).toBeDefined()
    if (relative(joinMs) > 11_000) expect(away).toBeUndefined()
  }
})

describe('players', () => {
  test('profiles, seekers, pollers and clock errors follow their shares and distributions', () => {
    const players = all(
      aFleet({
        players: 4_000,
        profiles: { 'hls.js': 0.2, 'dash.js': 0.2 },
        dvrShare: 0.1,
        earlyPollers: { share: 0.25, everyMs: 100, aheadMs: 2_000 },
        clockError: { is: 'uniform', lowMs: -100, highMs: 300 },
        session: { is: 'lognormal', medianMs: 20_000, sigma: 0.5, boundMs: 90_000 },
      }),
    )
    expect(shareOf(players, player => player.profile === 'hls.js')).toBeCloseTo(0.5, 1)
    expect(shareOf(players, player => player.profile === 'media3')).toBe(0)
    expect(shareOf(players, player => player.seek !== undefined)).toBeCloseTo(0.1, 1)
    expect(shareOf(players, player => player.poller?.everyMs === 100)).toBeCloseTo(0.25, 1)
    expect(shareOf(players, player => player.clockErrorMs > 100)).toBeCloseTo(0.5, 1)
    expect(shareOf(players, player => (player.leaveMs ?? 0) - player.joinMs < 20_000)).toBeCloseTo(0.5, 1)
    expect(shareOf(players, player => placeOf(player.siteFraction, 2) === 0)).toBeCloseTo(0.5, 1)
    const ofFirstSite = players.filter(player => placeOf(player.siteFraction, 2) === 0)
    expect(shareOf(ofFirstSite, player => placeOf(player.edgeFraction, 2) === 0)).toBeCloseTo(0.5, 1)
  })

  test('seekers go to what is inside the window and was captured by then', () => {
    const source = aFleet({ dvrShare: 1 })
    for (const { seek, joinMs } of all(source)) {
      expect(seek?.atMs).toBeGreaterThan(joinMs)
      expect(seek?.behindMs).toBeGreaterThanOrEqual(2 * event.suggestedDelayMs)
      expect((seek?.atMs ?? 0) - (seek?.behindMs ?? 0)).toBeGreaterThan(event.startMs)
    }
  })

  test('a place is always one of those that are there', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 64 }),
        (f, n) => {
          expect(placeOf(f, n)).toBeGreaterThanOrEqual(0)
          expect(placeOf(f, n)).toBeLessThan(n)
        },
      ),
    )
  })
})

describe('shards', () => {
  test('partition the fleet exactly, and each player is the same in its shard as in the whole', () => {
    fc.assert(
      fc.property(fc.nat(150), fc.integer({ min: 1, max: 9 }), fc.nat(1_000), (players, of, seed) => {
        const source = aFleet({ players, dvrShare: 0.3 }, { seed })
        const whole = all(source)
        const shards = Array.from({ length: of }, (_, index) => [...playerSetups(source, { index, of })])
        const byIndex = (a: FleetPlayer, b: FleetPlayer) => a.index - b.index
        expect(shards.flat().toSorted(byIndex)).toEqual(whole.toSorted(byIndex))
        for (const [index, shard] of shards.entries()) {
          for (const player of shard) expect(player.index % of).toBe(index)
          expect(shard.map(({ joinMs }) => joinMs)).toEqual(shard.map(({ joinMs }) => joinMs).toSorted((a, b) => a - b))
        }
      }),
      { numRuns: 40 },
    )
  })

  test('a player does not change when the fleet grows', () => {
    const small = aFleet({ players: 10 })
    const large = aFleet({ players: 1_000_000 })
    for (let index = 0; index < 10; index++) expect(setupOf(large, index)).toEqual(setupOf(small, index))
  })

  test('a shard that does not exist is refused', () => {
    for (const shard of [
      { index: 2, of: 2 },
      { index: -1, of: 2 },
      { index: 0, of: 0 },
      { index: 0.5, of: 2 },
    ]) {
      expect(() => [...shardIndices(10, shard)]).toThrow(RangeError)
    }
  })
})
