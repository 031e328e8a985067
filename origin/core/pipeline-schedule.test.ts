import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventDefaults, type LiveEvent, liveEventSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { RandomStream } from '../../live/random.ts'
import { captureEnd, expectedPublication, retryDeadline } from '../../live/template.ts'
import type { PipelineEffect, PipelinePut, PipelineScheduleConfig } from './pipeline-effect.ts'
import type { PipelineFaultChange } from './pipeline-faults.ts'
import type { PutOutcome } from './pipeline-retry.ts'
import { PipelineSchedule } from './pipeline-schedule.ts'

const startMs = 1_770_000_000_000
const event: LiveEvent = liveEventSchema.parse({
  ...eventDefaults,
  event: 'final',
  startMs,
  endMs: startMs + 60_000,
  renditions: ['v1', 'v2', 'a1'].map(name => ({
    name,
    kind: name === 'a1' ? 'audio' : 'video',
    bitsPerSecond: 100_000,
    codecs: 'none',
    timescale: 90_000,
  })),
})
const config: PipelineScheduleConfig = {
  event,
  pipeline: 'a',
  publishJitter: { is: 'constant', ms: 0 },
  backlogSegments: 0,
  seed: 1,
}

/** What an origin does with a put, and how long it takes. */
type Origin = (put: PipelinePut, now: number) => { afterMs: number; outcome: PutOutcome }
const soundOrigin: Origin = () => ({ afterMs: 5, outcome: { status: 201 } })

interface PutLine extends PipelinePut {
  readonly atMs: number
  readonly endedMs: number
  readonly outcome: PutOutcome
}
type GiveUp = Extract<PipelineEffect, { do: 'give-up' }>

interface Play {
  readonly puts: PutLine[]
  readonly givenUp: (GiveUp & { atMs: number })[]
  readonly inFlightMax: number
  readonly schedule: PipelineSchedule
}

/** Drives a schedule in virtual time, from `fromMs` until nothing is left to do. */
function play(
  given: Partial<PipelineScheduleConfig>,
  fromMs: number,
  origin: Origin = soundOrigin,
  changes: readonly { atMs: number; change: PipelineFaultChange }[] = [],
): Play {
  const schedule = new PipelineSchedule({ ...config, ...given }, fromMs)
  const puts: PutLine[] = []
  const givenUp: Play['givenUp'] = []
  const running: PutLine[] = []
  const commands = [...changes].sort((a, b) => a.atMs - b.atMs)
  let inFlightMax = 0
  let now = fromMs
  const take = (effects: PipelineEffect[]) => {
    for (const effect of effects) {
      if (effect.do === 'give-up') givenUp.push({ ...effect, atMs: now })
      else {
        const { afterMs, outcome } = origin(effect, now)
        const line = { ...effect, atMs: now, endedMs: now + afterMs, outcome }
        puts.push(line)
        running.push(line)
        inFlightMax = Math.max(inFlightMax, running.length)
      }
    }
  }
  for (let steps = 0; steps < 50_000; steps++) {
    running.sort((a, b) => a.endedMs - b.endedMs)
    const wakeMs = schedule.nextWakeMs() as number
    const nextMs = Math.min(wakeMs, running[0]?.endedMs ?? Infinity, commands[0]?.atMs ?? Infinity)
    if (nextMs === Infinity) return { puts, givenUp, inFlightMax, schedule }
    if (nextMs > now + 1) expect(schedule.wake(nextMs - 1)).toEqual([]) // nothing comes before its announced instant
    now = Math.max(now, nextMs)
    const command = commands[0]
    if (command && command.atMs <= now) schedule.changeFaults(commands.shift()!.change, now)
    else if (wakeMs <= now) take(schedule.wake(now))
    else {
      const ended = running.shift()!
      take(schedule.putEnded(ended, ended.outcome, now))
    }
  }
  throw new Error('the schedule does not come to an end')
}

const segments = (puts: readonly PutLine[]) => puts.filter(put => put.number !== undefined)
const of = (puts: readonly PutLine[], rendition: string) => puts.filter(put => put.rendition === rendition)
const accepted = (put: PutLine): boolean => 'status' in put.outcome && put.outcome.status === 201
const plannedAt = (number: number) => expectedPublication(event, number) as number

describe('a live segment', () => {
  test('is put at its expected publication, every rendition, after the initialisation segments', () => {
    const { puts, givenUp } = play({}, startMs - 5_000)
    expect(givenUp).toEqual([])
    expect(puts.slice(0, 3).map(put => [put.rendition, put.number, put.atMs])).toEqual([
      ['v1', undefined, startMs - 5_000],
      ['v2', undefined, startMs - 5_000],
      ['a1', undefined, startMs - 5_000],
    ])
    for (const name of ['v1', 'v2', 'a1']) {
      const own = segments(of(puts, name))
      expect(own.map(put => put.number)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
      for (const put of own) expect(put.atMs).toBe(plannedAt(put.number!))
    }
  })

  test('is never put before its capture ends, however early the jitter is', () => {
    const { puts } = play({ publishJitter: { is: 'constant', ms: -5_000 } }, startMs)
    for (const put of segments(puts)) expect(put.atMs).toBe(captureEnd(event, put.number!))
  })

  test('waits for the initialisation segments, also while the origin is not there yet', () => {
    const upMs = startMs + 8_500
    const { puts } = play({}, startMs, (_, now) =>
      now < upMs ? { afterMs: 1, outcome: { failure: 'refused' } } : { afterMs: 5, outcome: { status: 201 } },
    )
    const firstSegmentMs = Math.min(...segments(puts).map(put => put.atMs))
    expect(firstSegmentMs).toBeGreaterThanOrEqual(upMs)
    expect(
      segments(of(puts, 'v1'))
        .filter(accepted)
        .map(put => put.number),
    ).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
  })
})

describe('the backlog', () => {
  const nowMs = plannedAt(20) + 100

  test('is put at once, oldest first, a few at a time, and live segments stay on time', () => {
    const { puts, givenUp } = play({ backlogSegments: 10 }, nowMs, () => ({ afterMs: 300, outcome: { status: 201 } }))
    const own = segments(puts)
    const backlog = own.filter(put => put.number! <= 20)
    expect(givenUp).toEqual([])
    expect(backlog.map(put => put.number)).toEqual(Array.from({ length: 30 }, (_, i) => 11 + Math.floor(i / 3)))
    for (const put of backlog) {
      const atOnce = backlog.filter(other => other.atMs <= put.atMs && other.endedMs > put.atMs).length
      expect(atOnce).toBeLessThanOrEqual(limits.pipelineBacklogPuts)
    }
    for (const put of own.filter(put => put.number! > 20)) expect(put.atMs).toBe(plannedAt(put.number!))
  })

  test('goes no farther back than the event and its window', () => {
    const whole = play({ backlogSegments: 500 }, nowMs)
    expect(Math.min(...segments(whole.puts).map(put => put.number!))).toBe(1)
    const short = play({ backlogSegments: 500, event: { ...event, dvrWindowMs: 11_000 } }, nowMs)
    expect(Math.min(...segments(short.puts).map(put => put.number!))).toBe(15)
    expect(play({ backlogSegments: 5 }, startMs + 3_600_000).puts.filter(put => put.number !== undefined)).toEqual([])
  })
})

describe('retries', () => {
  const failing =
    (outcome: PutOutcome, fails: (put: PipelinePut) => boolean): Origin =>
    put => ({ afterMs: 5, outcome: put.number !== undefined && fails(put) ? outcome : { status: 201 } })

  test('at once, then backing off, several within a segment, until the retry deadline', () => {
    const { puts, givenUp } = play(
      {},
      startMs,
      failing({ status: 503 }, put => put.number === 3 && put.rendition === 'v1'),
    )
    const own = of(puts, 'v1').filter(put => put.number === 3)
    const pauses = own.slice(1).map((put, i) => put.atMs - own[i]!.endedMs)
    expect(pauses[0]).toBe(0)
    for (const [i, pause] of pauses.slice(1).entries()) {
      const full = Math.min(500, 50 * 2 ** i)
      expect(pause).toBeGreaterThanOrEqual(full / 2)
      expect(pause).toBeLessThanOrEqual(full)
    }
    expect(own.filter(put => put.atMs < own[0]!.atMs + event.segmentMs).length).toBeGreaterThanOrEqual(6)
    expect(own.at(-1)!.atMs).toBeLessThan(retryDeadline(event, 3) as number)
    expect(givenUp).toEqual([
      expect.objectContaining({ number: 3, rendition: 'v1', why: 'deadline', attempts: own.length }),
    ])
    for (const put of own) expect(put.plannedMs).toBe(own[0]!.plannedMs)
  })

  test.each([400, 401, 403, 404, 409, 410, 411, 413, 302])('%i is final', status => {
    const { puts, givenUp } = play(
      {},
      startMs,
      failing({ status }, put => put.number === 3 && put.rendition === 'v1'),
    )
    expect(of(puts, 'v1').filter(put => put.number === 3)).toHaveLength(1)
    expect(givenUp).toEqual([expect.objectContaining({ number: 3, why: 'refused', attempts: 1 })])
  })

  test.each<PutOutcome>([
    { status: 408 },
    { status: 429 },
    { status: 500 },
    { failure: 'refused' },
    { failure: 'reset' },
    { failure: 'timeout' },
  ])('%o may pass', outcome => {
    const { puts, givenUp } = play(
      {},
      startMs,
      failing(outcome, put => put.attempt < 3),
    )
    expect(givenUp).toEqual([])
    expect(
      of(puts, 'v1')
        .filter(put => put.number === 3)
        .map(put => put.attempt),
    ).toEqual([1, 2, 3])
  })

  test('an end that nobody began is refused', () => {
    const schedule = new PipelineSchedule(config, startMs)
    expect(() => schedule.putEnded({ rendition: 'v1', number: 1 }, { status: 201 }, startMs)).toThrow(RangeError)
  })
})

describe('faults', () => {
  const at = (atMs: number, change: PipelineFaultChange) => [{ atMs, change }]
  const putTimes = (played: Play) => segments(of(played.puts, 'v1')).map(put => put.atMs - plannedAt(put.number!))

  test('a stall holds what falls into it until it ends; the rest is on time', () => {
    const from = plannedAt(5) - 500
    const late = putTimes(play({}, startMs, soundOrigin, at(from, { stallForMs: 3_000 })))
    expect(late.map((ms, i) => [i + 1, ms]).filter(([, ms]) => ms !== 0)).toEqual([
      [5, 2_500],
      [6, 500],
    ])
  })

  test('a stall during a stall is one longer stall', () => {
    const from = plannedAt(5) - 500
    const changes = [...at(from, { stallForMs: 1_000 }), ...at(from + 800, { stallForMs: 1_000 })]
    expect(putTimes(play({}, startMs, soundOrigin, changes))[4]).toBe(1_300)
  })

  test('after a stall that is longer than the retry deadline, what is past it is given up without a PUT', () => {
    const played = play({}, startMs, soundOrigin, at(plannedAt(5) - 500, { stallForMs: 13_000 }))
    expect(
      played.givenUp.filter(gone => gone.rendition === 'v1').map(gone => [gone.number, gone.why, gone.attempts]),
    ).toEqual([
      [5, 'deadline', 0],
      [6, 'deadline', 0],
    ])
  })

  test('a delay moves every PUT of its time by the same', () => {
    const late = putTimes(play({}, startMs, soundOrigin, at(plannedAt(5) - 500, { delay: { ms: 700, forMs: 4_000 } })))
    expect(late.slice(3, 8)).toEqual([0, 700, 700, 0, 0])
  })

  test('what begins while PUTs are torn is torn, retries as well, and what comes after is whole', () => {
    const fromMs = plannedAt(5) - 1
    const tears: Origin = put =>
      put.torn ? { afterMs: 1, outcome: { failure: 'reset' } } : { afterMs: 5, outcome: { status: 201 } }
    const { puts, givenUp } = play({}, startMs, tears, at(fromMs, { tearPuts: { forMs: 300 } }))
    expect(puts.every(({ torn, atMs }) => (torn === true) === (atMs >= fromMs && atMs < fromMs + 300))).toBe(true)
    expect(puts.filter(({ torn, number }) => torn && number === 5).length).toBeGreaterThan(3)
    expect(givenUp).toEqual([])
  })

  test('a lost pipeline puts nothing, and nothing of it comes later', () => {
    const changes = [...at(plannedAt(5) - 500, { lost: true }), ...at(plannedAt(8) - 500, { lost: false })]
    const played = play({}, startMs, soundOrigin, changes)
    const missing = played.givenUp.filter(gone => gone.rendition === 'v1')
    expect(missing.map(gone => [gone.number, gone.why])).toEqual([5, 6, 7].map(number => [number, 'lost']))
    expect(putTimes(played).filter(ms => ms !== 0)).toEqual([])
    const timed = play({}, startMs, soundOrigin, at(plannedAt(5) - 500, { lostForMs: 6_000 }))
    expect(timed.givenUp).toEqual(played.givenUp)
  })

  test('defects are stated on what is put in their time, and can be taken back', () => {
    const defects = { kind: 'short', ms: 120, forMs: 60_000 } as const
    const changes = [...at(plannedAt(5) - 500, { defects }), ...at(plannedAt(8) - 500, { defects: null })]
    const { puts } = play({}, startMs, soundOrigin, changes)
    const defective = segments(of(puts, 'v1')).filter(put => put.defects.length > 0)
    expect(defective.map(put => put.number)).toEqual([5, 6, 7])
    expect(defective[0]?.defects).toEqual([{ kind: 'short', ms: 120 }])
  })
})

describe('whatever happens', () => {
  const outcome = fc.constantFrom<PutOutcome>(
    { status: 201 },
    { status: 201 },
    { status: 409 },
    { status: 503 },
    { status: 429 },
    { failure: 'reset' },
    { failure: 'timeout' },
  )
  const change = fc.oneof(
    fc.record({ stallForMs: fc.integer({ min: 0, max: 12_000 }) }),
    fc.record({ lostForMs: fc.integer({ min: 0, max: 8_000 }) }),
    fc.record({ lost: fc.boolean() }),
    fc.record({
      delay: fc.record({ ms: fc.integer({ min: 0, max: 5_000 }), forMs: fc.integer({ min: 0, max: 9_000 }) }),
    }),
    fc.record({ defects: fc.constantFrom(null, { kind: 'short' as const, ms: 40, forMs: 3_000 }) }),
  )
  const story = fc.record({
    seed: fc.integer(),
    fromMs: fc.integer({ min: startMs - 3_000, max: startMs + 70_000 }),
    backlogSegments: fc.integer({ min: 0, max: 40 }),
    jitter: fc.integer({ min: 0, max: 2_500 }),
    outcomes: fc.array(outcome, { minLength: 1, maxLength: 6 }),
    slowestMs: fc.integer({ min: 1, max: 6_000 }),
    changes: fc.array(fc.record({ atMs: fc.integer({ min: startMs, max: startMs + 60_000 }), change }), {
      maxLength: 5,
    }),
  })

  const tell = (given: typeof story extends fc.Arbitrary<infer Story> ? Story : never): Play => {
    const stream = new RandomStream(given.seed, 'origin')
    const origin: Origin = () => ({
      afterMs: stream.uniform(0, given.slowestMs),
      outcome: given.outcomes[Math.floor(stream.next() * given.outcomes.length)]!,
    })
    const publishJitter = { is: 'uniform', lowMs: -given.jitter, highMs: given.jitter } as const
    const { seed, backlogSegments } = given
    return play({ seed, backlogSegments, publishJitter }, given.fromMs, origin, given.changes)
  }

  test('nothing is early, nothing is put twice at once, nothing is forgotten, and every retry keeps its bounds', () => {
    fc.assert(
      fc.property(story, given => {
        const { puts, givenUp, inFlightMax, schedule } = tell(given)
        expect(inFlightMax).toBeLessThanOrEqual(limits.pipelinePuts)
        const byName = Map.groupBy(puts, put => `${put.rendition}/${put.number}`)
        for (const own of byName.values()) {
          for (const [i, put] of own.entries()) {
            expect(put.attempt).toBe(i + 1)
            expect(put.atMs).toBeGreaterThanOrEqual(put.plannedMs as number)
            if (put.number !== undefined)
              expect(put.atMs).toBeGreaterThanOrEqual(captureEnd(event, put.number) as number)
            const before = own[i - 1]
            if (!before) continue
            expect(put.atMs).toBeGreaterThanOrEqual(before.endedMs)
            expect(before.outcome).not.toEqual({ status: 201 })
            expect(before.outcome).not.toEqual({ status: 409 })
            expect(put.plannedMs).toBe(before.plannedMs)
            expect(put.defects).toEqual(before.defects)
          }
        }
        for (const gone of givenUp)
          expect(gone.attempts).toBe(byName.get(`${gone.rendition}/${gone.number}`)?.length ?? 0)
        const ends = puts.filter(accepted).length + givenUp.length
        expect(ends).toBe(new Set([...byName.keys(), ...givenUp.map(gone => `${gone.rendition}/${gone.number}`)]).size)
        expect(schedule.state()).toMatchObject({ backlogLeft: 0, waiting: 0, inFlight: 0 })
      }),
      { numRuns: 120 },
    )
  })

  test('the same seed and the same story give the same schedule', () => {
    fc.assert(
      fc.property(story, given => {
        const { puts, givenUp } = tell(given)
        const again = tell(given)
        expect(again.puts).toEqual(puts)
        expect(again.givenUp).toEqual(givenUp)
      }),
      { numRuns: 25 },
    )
  })
})
