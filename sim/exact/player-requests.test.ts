import { describe, expect, test } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { scenarioSchema } from '../../scenarios/schema.ts'
import { DecisionHash } from '../decision-hash.ts'
import { defaultCalibration } from '../default-calibration.ts'
import { syntheticMedia } from '../media.ts'
import { Objects } from '../objects.ts'
import { Agenda } from './agenda.ts'
import type { Exchange } from './exchange.ts'
import { FleetTally } from './fleet-tally.ts'
import { Ground } from './ground.ts'
import { PlayerRequests } from './player-requests.ts'
import { Seating } from './seating.ts'

const startMs = 1_800_000_000_000

/** One player's seat, at an edge that does what `atEdge` says; what happens is written down. */
function seatOne(
  atEdge: (exchange: Exchange, now: number, requests: PlayerRequests) => void,
  { hears = defaultCalibration.cores.hears, hearsInMs = 0 } = {},
) {
  const event = anEvent()
  const agenda = new Agenda(startMs, 0.1, 1)
  const objects = new Objects(event)
  const common = { agenda, event, objects, media: syntheticMedia(event), hash: new DecisionHash() }
  const calibration = { ...defaultCalibration, cores: { ...defaultCalibration.cores, hears } }
  const ground = new Ground({ ...common, calibration, seed: 1, store: 'memory' })
  const fleet = scenarioSchema.shape.fleet.parse({
    players: 1,
    arrivals: [{ is: 'ramp', fromMs: 0, toMs: 1, share: 1 }],
  })
  const source = { fleet, event, seed: 1, startMs, durationMs: 60_000 }
  const seating = new Seating(ground, { source, sites: [{ site: 'a', edges: ['a1'] }], seats: 1, edges: ['a1'] })
  const happened: { what: string; atMs: number }[] = []
  const happens = (what: string, now: number) => happened.push({ what, atMs: now - startMs })
  const requests: PlayerRequests = new PlayerRequests({
    ground,
    seating,
    tally: new FleetTally(event, objects, startMs),
    seats: 1,
    workers: 1,
    doors: {
      isAlive: () => true,
      hearsAt: (_, now) => (now as number) + hearsInMs,
      bringNear: () => {},
      asked: (exchange, now) => atEdge(exchange, now as number, requests),
      left: (_, now) => happens('left the edge', now as number),
    },
    soon: { seat: () => {}, arrival: () => {} },
    ended: (exchange, now) => {
      happens('ended', now as number)
      requests.free(exchange)
    },
  })
  /** The player asks now, and wants to be woken after `wakeInMs`. */
  const ask = (wakeInMs: number, patienceMs: number) => {
    agenda.holdSeat(0, startMs + wakeInMs)
    const address = { kind: 'manifest', event: event.event } as const
    const firstByteByMs = startMs + patienceMs
    requests.send(0, 0, { do: 'request', request: 1, address, plannedMs: startMs, attempt: 0, firstByteByMs })
    requests.attend(0, startMs + wakeInMs)
  }
  const run = (untilMs: number) =>
    agenda.run(startMs + untilMs, Infinity, {
      lookAt: () => {},
      wakesSoon: () => {},
      bringNear: () => {},
      dueSoon: () => {},
      wake: (_, now) => happens('woken', now as number),
      due: (transient, now) => requests.due(transient, now),
    })
  return { ask, run, happened, agenda }
}

describe('a player is woken at its instant, whatever its request does meanwhile', () => {
  test('while the request waits at the edge', () => {
    const { ask, run, happened } = seatOne((exchange, _, requests) => requests.waits(exchange))
    ask(5_000, 8_000)
    run(60_000)
    expect(happened[0]).toEqual({ what: 'woken', atMs: 5_000 })
    expect(happened.slice(1)).toEqual([
      { what: 'left the edge', atMs: 8_000 },
      { what: 'ended', atMs: 8_000 },
    ])
  })

  test('when both are due at one instant: the player was first to say so', () => {
    const { ask, run, happened } = seatOne((exchange, _, requests) => requests.waits(exchange))
    ask(5_000, 5_000)
    run(60_000)
    expect(happened.map(({ what }) => what)).toEqual(['woken', 'left the edge', 'ended'])
  })

  test('while a body arrives that never ends, and while an answer comes too late', () => {
    for (const firstLeavesMs of [10, 6_000]) {
      const { ask, run, happened } = seatOne((exchange, now, requests) =>
        requests.answerLeaves(exchange, now + firstLeavesMs, Infinity),
      )
      ask(3_000, 4_000)
      run(600_000)
      expect(happened[0]).toEqual({ what: 'woken', atMs: 3_000 })
    }
  })

  test('and not at all while an answer comes first: whoever hears of it says when it is woken next', () => {
    const { ask, run, happened, agenda } = seatOne((exchange, now, requests) =>
      requests.answerLeaves(exchange, now + 1, now + 1),
    )
    ask(5_000, 8_000)
    run(4_000)
    expect(happened.map(({ what }) => what)).toEqual(['ended'])
    expect(agenda.wakeMs(0)).toBe(startMs + 5_000)
    agenda.releaseSeat(0)
    run(60_000)
    expect(happened.at(-1)).toEqual({ what: 'woken', atMs: 5_000 })
  })
})

test('a request that has arrived comes before its edge when that hears of it, and again when its event loop is free', () => {
  const asked: number[] = []
  const atEdge = (exchange: Exchange, now: number, requests: PlayerRequests) => {
    asked.push(now - startMs)
    if (asked.length === 1) requests.queues(exchange, now + 3)
    else requests.waits(exchange)
  }
  const { ask, run, happened } = seatOne(atEdge, { hears: [{ idleMs: 0, takesMs: [[0, 0.5]] }], hearsInMs: 5 })
  ask(5_000, 8_000)
  run(60_000)
  const [first, second] = asked as [number, number]
  expect(first).toBeGreaterThanOrEqual(5)
  expect([asked.length, second - first]).toEqual([2, 3])
  expect(happened.map(({ what }) => what)).toEqual(['woken', 'left the edge', 'ended'])
})
