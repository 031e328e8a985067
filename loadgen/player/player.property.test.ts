import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unitFraction } from '../../live/random.ts'
import type { PlayerSetup } from './player-io.ts'
import type { Wanted } from './profile.ts'
import { profileOf } from './profiles.ts'
import { failureOf } from './recovery.ts'
import { type Answer, aSetup, ladderEvent, type Request, type Script, World } from './world.fixture.ts'

// A hostile world: every request may fail in any way, be slow, or never be answered. Which one does depends on its
// address and attempt only, so that the same player sees the same world again.

const results = [200, 200, 200, 404, 410, 503, 500, 'refused', 'reset', 'wrong-body', 'never'] as const

function hostile(seed: number, harm: number): Script {
  return (request: Request): Answer | undefined => {
    const name = `${JSON.stringify(request.address)}/${request.attempt}/${request.request}`
    if (unitFraction(seed, `harm/${name}`) >= harm) return undefined
    const result = results[Math.floor(unitFraction(seed, `result/${name}`) * results.length)] ?? 200
    if (result === 200) return undefined
    return { result, waitMs: unitFraction(seed, `wait/${name}`) * 4_000, transferMs: 5 }
  }
}

const wantedOf = (kind: Request['address']['kind']): Wanted =>
  kind === 'segment' || kind === 'init' ? kind : kind === 'media-playlist' ? 'playlist' : 'manifest'

const event = ladderEvent({ endMs: ladderEvent().startMs + 400_000, dvrWindowMs: 120_000 })
const offset = (low: number, high: number) => fc.integer({ min: low, max: high })
const setups: fc.Arbitrary<PlayerSetup> = fc
  .record({
    index: offset(0, 1_000),
    seed: offset(0, 1_000),
    profile: fc.constantFrom(
      'hls.js' as const,
      'dash.js' as const,
      'media3' as const,
      'shaka' as const,
      'rfc8216' as const,
    ),
    clockErrorMs: offset(-2_000, 2_000),
    joinAfterMs: fc.double({ min: -5_000, max: 200_000, noNaN: true }),
    stayMs: fc.option(offset(1, 100_000), { nil: undefined }),
    awayAfterMs: fc.option(offset(1, 50_000), { nil: undefined }),
    seek: fc.option(fc.record({ afterMs: offset(0, 50_000), behindMs: offset(0, 150_000) }), { nil: undefined }),
    poller: fc.option(fc.record({ everyMs: offset(50, 500), aheadMs: offset(0, 3_000) }), { nil: undefined, freq: 4 }),
  })
  .map(({ joinAfterMs, stayMs, awayAfterMs, seek, ...rest }) => {
    const joinMs = event.startMs + joinAfterMs
    return aSetup({
      ...rest,
      event,
      joinMs,
      leaveMs: stayMs === undefined ? undefined : joinMs + stayMs,
      away:
        awayAfterMs === undefined ? undefined : { fromMs: joinMs + awayAfterMs, toMs: joinMs + awayAfterMs + 15_000 },
      seek: seek === undefined ? undefined : { atMs: joinMs + seek.afterMs, behindMs: seek.behindMs },
    })
  })
const worlds = fc.record({ setup: setups, seed: offset(0, 1_000_000), harm: fc.constantFrom(0, 0.02, 0.2, 0.6, 1) })
const runMs = 90_000

describe('whatever the world does', () => {
  test('the same setup in the same world has the same outputs, whatever other players do', () => {
    fc.assert(
      fc.property(worlds, ({ setup, seed, harm }) => {
        const first = new World(setup, hostile(seed, harm)).run(runMs)
        new World({ ...setup, index: setup.index + 1 }, hostile(seed + 1, harm)).run(5_000)
        const second = new World(structuredClone(setup), hostile(seed, harm)).run(runMs)
        expect(second.outputs).toEqual(first.outputs)
      }),
      { numRuns: 60 },
    )
  })

  test('requests are planned at the instant they are made, and few are in flight', () => {
    fc.assert(
      fc.property(worlds, ({ setup, seed, harm }) => {
        const world = new World(setup, hostile(seed, harm)).run(runMs)
        for (const { atMs, output } of world.outputs) {
          if (output.do !== 'request') continue
          expect(output.plannedMs).toBe(atMs)
          expect(output.firstByteByMs).toBeGreaterThan(atMs)
        }
        expect(world.inFlightMax).toBeLessThanOrEqual(setup.poller === undefined ? 4 : 1)
      }),
      { numRuns: 100 },
    )
  })

  test('a player that is there is never stuck: something is in flight or planned, and time passes', () => {
    fc.assert(
      fc.property(worlds, ({ setup, seed, harm }) => {
        const world = new World(setup, hostile(seed, harm))
        for (let step = 0; step < 90; step++) {
          world.run(1_000)
          const wakeMs = world.player.nextWakeMs()
          if (wakeMs === undefined) {
            expect(world.inFlight.size).toBe(0)
            expect(world.notesNamed('left')).toHaveLength(1)
            return
          }
          expect(wakeMs).toBeGreaterThan(world.now)
          expect(wakeMs).toBeLessThan(world.now + 200_000)
        }
        // A player at rest asks a few times a second at the most.
        expect(world.requests.length).toBeLessThan(setup.poller === undefined ? 90 * 40 : 90 * 21)
      }),
      { numRuns: 100 },
    )
  })

  test('a sound world is played without a stall or a failure by players whose clocks are right', () => {
    fc.assert(
      fc.property(setups, setup => {
        const calm = { ...setup, clockErrorMs: 0, joinMs: event.startMs + 150_000, poller: undefined, seek: undefined }
        const world = new World({ ...calm, leaveMs: undefined, away: undefined }).run(60_000)
        expect(world.notesNamed('started')).toHaveLength(1)
        expect(world.notesNamed('rebuffer')).toHaveLength(0)
        expect(world.requests.every(({ attempt }) => attempt === 0)).toBe(true)
        const asked = world.segments('a')
        expect(asked.length).toBeGreaterThanOrEqual(29)
        expect(new Set(asked).size).toBe(asked.length)
      }),
      { numRuns: 40 },
    )
  })

  test('retries keep to the schedule of the profile', () => {
    fc.assert(
      fc.property(worlds, ({ setup, seed, harm }) => {
        fc.pre(setup.poller === undefined)
        const { retries, retryJitter, liveRetryMs } = profileOf(setup)
        const ended = new Map<number, { readonly class: ReturnType<typeof failureOf>; readonly atMs: number }>()
        const script = hostile(seed, harm)
        const world = new World(setup, (request, at) => {
          const answer = script(request, at)
          if (answer === undefined) return undefined
          const late = answer.result === 'never' || at + (answer.waitMs ?? 0) > request.firstByteByMs
          const result = answer.result === 'never' || late ? 'timeout' : answer.result
          const atMs = late ? request.firstByteByMs : at + (answer.waitMs ?? 0) + (answer.transferMs ?? 0)
          ended.set(request.request, { class: failureOf(result), atMs })
          return answer
        }).run(runMs)
        const newest = new Map<string, Request>()
        for (const request of world.requests) {
          const { address } = request
          const rendition = 'rendition' in address ? address.rendition : ''
          const lane = `${rendition.slice(0, 1)}/${address.kind === 'media-playlist'}`
          const before = newest.get(lane)
          newest.set(lane, request)
          const failed = ended.get(before?.request ?? 0)
          if (request.attempt === 0 || before === undefined || failed?.class === undefined) continue
          // On another rung it asks at once; what is asked for again waits as the schedule says.
          if (JSON.stringify(before.address) !== JSON.stringify(address)) continue
          expect(request.attempt).toBe(before.attempt + 1)
          const waitMs = retries[wantedOf(address.kind)][failed.class][before.attempt] ?? liveRetryMs ?? -1
          const offMs = Math.abs(request.plannedMs - failed.atMs - waitMs)
          expect(offMs).toBeLessThanOrEqual(waitMs * retryJitter + 0.005)
        }
      }),
      { numRuns: 100 },
    )
  })
})
