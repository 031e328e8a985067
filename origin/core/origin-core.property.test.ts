import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import { compareOrder } from '../../live/notifications.ts'
import { dueFrom, expectedPublication } from '../../live/template.ts'
import { type Answered, bodyOf, CoreWorld, questionOf, segmentMs, short } from './core-world.fixture.ts'
import type { OriginQuestion, OriginVerdict, PutBody } from './verdict.ts'

// Random lives of an event in virtual time: publishes with defects, retries, conflicts and failures of the store, the
// loss of a pipeline, masks, requests, leavers, operators' commands, in any order and at any distance. The design's
// invariants 2 and 5, the property of `validUntilMs`, and what only the origin can keep: one choice, and no answer that
// says less than it knows.

type Command =
  | { do: 'ask'; ahead: number; rendition: 'v1' | 'v2' }
  | { do: 'leave'; which: number }
  | {
      do: 'put'
      ahead: number
      pipeline: 'a' | 'b'
      defective: boolean
      variant: number
      takesMs: number
      fails: boolean
    }
  | { do: 'mask'; pipeline: 'a' | 'b'; ahead: number; length: number; lift: boolean }
  | { do: 'reads'; count: number; slow: boolean }
  | { do: 'lose'; ahead: number }
  | { do: 'learn'; ahead: number; pipeline: 'a' | 'b'; defective: boolean; restored: boolean }
  | { do: 'operate'; command: 'version' | 'notify' | 'invalidate' | 'shed' | 'unshed' }
interface Step {
  readonly afterMs: number
  readonly command: Command
}

const pipeline = fc.constantFrom('a' as const, 'b' as const)
const commandOf: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      ahead: fc.integer({ min: -12, max: 3 }),
      rendition: fc.constantFrom('v1' as const, 'v1' as const, 'v2' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      ahead: fc.integer({ min: -8, max: 1 }),
      pipeline,
      defective: fc.boolean(),
      variant: fc.integer({ min: 1, max: 4 }).map(n => (n === 1 ? 2 : 1)),
      takesMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900 })),
      fails: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('mask' as const),
      pipeline,
      ahead: fc.integer({ min: -8, max: 2 }),
      length: fc.nat(4),
      lift: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reads' as const),
      count: fc.integer({ min: 1, max: 40 }),
      slow: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), ahead: fc.integer({ min: -8, max: 1 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('learn' as const),
      ahead: fc.integer({ min: -14, max: 1 }),
      pipeline,
      defective: fc.boolean(),
      restored: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('operate' as const),
      command: fc.constantFrom(
        'version' as const,
        'notify' as const,
        'invalidate' as const,
        'shed' as const,
        'unshed' as const,
      ),
    }),
  },
)
const stepsOf = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_500 }), fc.integer({ min: 1, max: 6_000 })),
    command: commandOf,
  }),
  { minLength: 1, maxLength: 80, size: 'max' },
)

const settings = { dvrWindowMs: 24_000, dvrAfterMs: 12_000 }

/** What a verdict says, without until when it says so. */
const said = ({ validUntilMs: _, maxArrivals: __, ...verdict }: OriginVerdict) => verdict

/** Plays `steps`, calling `look` after each instant that something happened. */
class Life {
  readonly world = new CoreWorld(settings)
  readonly log: unknown[] = []
  readonly ended: Answered[] = []
  /** The body served for each segment since masks last changed. */
  readonly served = new Map<string, string>()
  /** What the store said `accepted` to, by pipeline and segment. */
  readonly accepted = new Map<string, string>()
  readonly saidNeverMade = new Set<string>()
  #storing: { readonly atMs: number; readonly body: PutBody; readonly fails: boolean }[] = []

  get newest(): number {
    return Math.floor(this.world.now / segmentMs)
  }

  advance(byMs: number): void {
    const untilMs = this.world.now + byMs
    for (;;) {
      const [next] = this.#storing.sort((x, y) => x.atMs - y.atMs)
      if (!next || next.atMs > untilMs) break
      this.world.advanceTo(next.atMs)
      this.#storing.shift()
      if (next.fails) this.world.core.failed(next.body)
      else this.#end(next.body, this.world.stored(next.body))
    }
    this.world.advanceTo(untilMs)
  }

  play({ afterMs, command }: Step): void {
    this.advance(afterMs)
    this.#takeAnswers()
    const { world } = this
    const { core } = world
    const number = Math.max(1, this.newest + ('ahead' in command ? command.ahead : 0))
    switch (command.do) {
      case 'ask':
        this.check(world.ask(number, command.rendition), number, command.rendition)
        break
      case 'leave': {
        const ticket = [...world.waiting.keys()][command.which]
        if (ticket === undefined) break
        const effects = core.leave(ticket, world.now)
        world.apply(effects)
        world.waiting.delete(ticket)
        break
      }
      case 'put':
        this.#put(number, command)
        break
      case 'mask': {
        const mask = { pipeline: command.pipeline, from: number, to: number + command.length }
        this.served.clear()
        const commanded = command.lift ? core.liftMask(mask, world.now) : core.mask(mask, world.now)
        if (commanded.done) world.apply(commanded.effects)
        break
      }
      case 'reads':
        for (let i = 0; i < command.count; i++) {
          core.readEnded({ durationMs: command.slow ? 101 : 100, failed: false }, world.now)
        }
        break
      case 'lose': {
        const verdict = world.inspect(number)
        if (verdict.do !== 'serve') break
        this.served.delete(`v1/${number}`)
        this.accepted.delete(`${verdict.candidate.pipeline}/v1/${number}`)
        world.apply(core.unreadable(verdict.candidate, world.now))
        expect(world.inspect(number), 'a body that is lost is not served').not.toMatchObject({
          candidate: { pipeline: verdict.candidate.pipeline },
        })
        break
      }
      case 'learn':
        this.#learn(number, command)
        break
      case 'operate':
        if (command.command === 'version') core.raiseVersion()
        else if (command.command === 'notify') core.notify({ type: 'ad-break', atMs: 1 })
        else if (command.command === 'invalidate') core.invalidate({ from: number, to: number })
        else core.setFaults({ shed: command.command === 'shed' })
    }
    this.#takeAnswers()
  }

  #takeAnswers(): void {
    for (const answered of this.world.answered.splice(0)) {
      const { verdict } = answered
      this.ended.push(answered)
      this.log.push(verdict)
      if (verdict.do === 'serve') this.#keepsToChoice(verdict)
    }
  }

  /** What must hold of every answer on a segment. */
  check(verdict: OriginVerdict, number: number, rendition: string): void {
    const { now, event } = this.world
    this.log.push(verdict)
    expect(verdict.validUntilMs).toBeGreaterThan(now)
    expect(verdict.maxArrivals).toBeGreaterThan(0)
    const key = `${rendition}/${number}`
    if (verdict.do === 'serve') {
      expect(this.saidNeverMade.has(key), 'what is gone stays gone').toBe(false)
      this.#keepsToChoice(verdict)
    }
    if (verdict.do !== 'refuse') return
    const { lifetime, reason } = verdict
    if (reason === 'never-made') this.saidNeverMade.add(key)
    if (reason === 'too-early') expect(lifetime).toEqual({ is: 'until', untilMs: dueFrom(event, number) })
    if (reason === 'overdue') {
      expect(lifetime?.is === 'for' ? lifetime.forMs : Infinity).toBeLessThanOrEqual(limits.overdueHighMs)
      expect(now).toBeGreaterThanOrEqual(dueFrom(event, number))
    }
    if (reason === 'never-made')
      expect(now).toBeGreaterThanOrEqual((expectedPublication(event, number) as number) + event.retryDeadlineMs)
  }

  #keepsToChoice({ candidate }: Extract<OriginVerdict, { do: 'serve' }>): void {
    const key = `${candidate.rendition}/${candidate.number}`
    const known = this.served.get(key)
    if (known !== undefined) expect(`${candidate.pipeline} ${candidate.etag}`, key).toBe(known)
    this.served.set(key, `${candidate.pipeline} ${candidate.etag}`)
  }

  #put(number: number, { pipeline, defective, variant, takesMs, fails }: Extract<Command, { do: 'put' }>): void {
    const { core, now } = this.world
    const body = bodyOf(number, pipeline, { etag: `"${pipeline}-${variant}"`, defects: defective ? short : [] })
    if (core.offer(body, now).do === 'answer') return
    const judged = core.arrived(body, now)
    if (judged.do === 'answer') this.#end(body, judged)
    else this.#storing.push({ atMs: now + takesMs, body, fails })
    this.advance(0)
  }

  /** Another process took it; what this one has called gone is not taken anywhere, but for the clocks. */
  #learn(number: number, { pipeline, defective, restored }: Extract<Command, { do: 'learn' }>): void {
    const { core, now, store } = this.world
    const body = bodyOf(number, pipeline, { defects: defective ? short : [] })
    const isStoring = this.#storing.some(({ body }) => body.number === number && body.pipeline === pipeline)
    if (isStoring || this.saidNeverMade.has(`v1/${number}`)) return
    const candidate = { ...body, storedMs: now - (restored ? 700 : 0) }
    const name = `v1/${number}/${pipeline}`
    const wasStored = store.has(name)
    store.add(name)
    this.world.apply(restored ? core.restore([candidate], now).effects : core.learned(candidate, now))
    const kept = core.candidates().find(known => known.number === number && known.pipeline === pipeline)
    if (kept) this.accepted.set(`${pipeline}/v1/${number}`, kept.etag)
    else if (!wasStored) store.delete(name)
  }

  #end(body: PutBody, answer: { readonly reason: string }): void {
    this.log.push(answer)
    const key = `${body.pipeline}/${body.rendition}/${body.number}`
    if (answer.reason === 'accepted') {
      expect(this.accepted.has(key), 'one publish').toBe(false)
      this.accepted.set(key, body.etag)
      expect(this.saidNeverMade.has(`${body.rendition}/${body.number}`), 'what is gone is refused').toBe(false)
    }
    if (answer.reason === 'accepted-again') expect(this.accepted.get(key)).toBe(body.etag)
  }
}

const fractionsOf = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })
const runs = { numRuns: 400 }

describe("the origin's core under random lives of an event", () => {
  it('keeps to its choice, to what it said, and to its own answers', () => {
    fc.assert(
      fc.property(stepsOf, steps => {
        const life = new Life()
        for (const step of steps) life.play(step)
      }),
      runs,
    )
  })

  it('ends every hold within its bound (invariant 2), and keeps nothing when all is over', () => {
    fc.assert(
      fc.property(stepsOf, steps => {
        const life = new Life()
        const { world } = life
        for (const step of steps) life.play(step)
        life.advance(120_000)
        for (const { arrivedMs, endedMs } of [...life.ended, ...world.answered]) {
          expect(endedMs - arrivedMs).toBeLessThanOrEqual(world.event.longestHoldMs)
        }
        expect([...world.waiting.keys()]).toEqual([])
        expect(world.core.summary()).toMatchObject({ holds: 0, numbers: 0 })
        expect(world.core.nextWakeMs()).toBeUndefined()
        expect([...world.store], 'the store was told to remove all that it kept').toEqual([])
      }),
      runs,
    )
  })

  it('gives the same answer until validUntilMs, woken or not', () => {
    fc.assert(
      fc.property(stepsOf, fc.integer({ min: -8, max: 3 }), fractionsOf, (steps, ahead, fractions) => {
        const life = new Life()
        const { world } = life
        for (const step of steps) life.play(step)
        const firstMs = world.now
        const instantsOf = ({ validUntilMs }: OriginVerdict): number[] => {
          const endMs = Math.min(validUntilMs, firstMs + 60_000)
          const instants = fractions.toSorted((x, y) => x - y).map(f => firstMs + f * (endMs - firstMs))
          // The last moment is where a bound that was forgotten shows.
          return [...instants, endMs - 0.001].filter(ms => ms >= firstMs && ms < endMs)
        }
        const around = Array.from({ length: 12 }, (_, i) => Math.max(1, life.newest - 8 + i))
        const questions: OriginQuestion[] = [
          ...around.map(number => questionOf(number)),
          { address: { kind: 'media-playlist', event: 'cup', rendition: 'v1' } },
        ]
        for (const question of questions) {
          const verdict = world.core.inspect(question, firstMs)
          for (const ms of instantsOf(verdict)) expect(said(world.core.inspect(question, ms))).toEqual(said(verdict))
        }
        // Once more for one of them, with the wake-ups that come between.
        const number = Math.max(1, life.newest + ahead)
        const verdict = world.inspect(number)
        for (const ms of instantsOf(verdict)) {
          expect(said(world.advanceTo(ms).inspect(number))).toEqual(said(verdict))
        }
      }),
      runs,
    )
  })

  it('only moves notifications forward (invariant 5)', () => {
    fc.assert(
      fc.property(stepsOf, steps => {
        const life = new Life()
        let before = life.world.core.notificationState().order
        for (const step of steps) {
          life.play(step)
          const { order } = life.world.core.notificationState()
          expect(compareOrder(order, before)).toBeGreaterThanOrEqual(0)
          before = order
        }
      }),
      { numRuns: 100 },
    )
  })

  it('never takes back what a playlist has listed', () => {
    fc.assert(
      fc.property(stepsOf, steps => {
        const life = new Life()
        let last = 0
        for (const step of steps) {
          life.play(step)
          const verdict = life.world.playlist()
          if (verdict.do !== 'describe' || !verdict.segments) continue
          expect(verdict.segments.last).toBeGreaterThanOrEqual(last)
          last = verdict.segments.last as number
        }
      }),
      runs,
    )
  })

  it('decides the same from the same inputs (invariant 7)', () => {
    fc.assert(
      fc.property(stepsOf, steps => {
        const logs = [new Life(), new Life()].map(life => {
          for (const step of steps) life.play(step)
          return JSON.stringify(life.log)
        })
        expect(logs[0]).toBe(logs[1])
      }),
      { numRuns: 100 },
    )
  })
})
