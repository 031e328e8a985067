import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Exchanges } from './exchanges.ts'
import { type SharedAnswer, SharedAnswers } from './shared-answers.ts'
import { noFacts } from './upstream-call.ts'

const startMs = 1_800_000_000_000

const answers = fc.record({
  status: fc.constantFrom(200, 404, 503),
  bytes: fc.nat(1_000_000),
  said: fc.nat(3),
  reason: fc.nat(40),
  isWrong: fc.boolean(),
  isHit: fc.boolean(),
  isRefusal: fc.boolean(),
  cpuMs: fc.double({ min: 0, max: 5, noNaN: true }),
  afterMs: fc.double({ min: 0, max: 5, noNaN: true }),
  lastsMs: fc.integer({ min: 1, max: 4_000 }),
  facts: fc.oneof(
    fc.constant(noFacts),
    fc.record({
      availableMs: fc.constantFrom(startMs, Number.NaN),
      playlist: fc.constantFrom(undefined, { first: 1, last: 9, gaps: [], ended: false }),
      body: fc.constant(undefined),
    }),
  ),
})
const steps = fc.array(
  fc.record({
    // Some that share their last bits, and some that lie side by side.
    object: fc.oneof(
      fc.nat(90),
      fc.nat(20).map(i => i * 64 + 5),
    ),
    afterMs: fc.integer({ min: 0, max: 300 }),
    edge: fc.nat(2),
    changes: fc.boolean(),
    restarts: fc.nat(19).map(draw => draw === 0),
    answer: answers,
  }),
  { maxLength: 300 },
)

test('an answer that was kept is found as it was, for as long as it stands, whichever others are kept', () => {
  fc.assert(
    fc.property(steps, taken => {
      const shared = new SharedAnswers(3)
      const exchange = new Exchanges().of(0)
      const model = new Map<string, { edge: number; object: number; answer: SharedAnswer; changes: number }>()
      let [now, changes] = [startMs, 0]
      for (const { edge, object, afterMs, changes: hasChanged, restarts, answer } of taken) {
        now += afterMs
        if (hasChanged) changes++
        if (restarts) {
          shared.forget(edge)
          for (const [name, known] of model) if (known.edge === edge) model.delete(name)
        }
        for (const known of model.values()) {
          const row = shared.find(known.edge, known.object, changes, now)
          const stands = known.changes === changes && now < (known.answer.untilMs as number)
          expect(row >= 0).toBe(stands)
          if (!stands) continue
          shared.giveTo(exchange, row)
          const { status, bytes, said, reason, isWrong, facts } = known.answer
          expect(exchange).toMatchObject({ status, bytes, said, reason, wrong: Number(isWrong) })
          expect(exchange.playlist).toBe(facts.playlist)
          expect(exchange.availableMs).toBe(facts.availableMs)
          expect([shared.isHit(row), shared.isRefusal(row)]).toEqual([known.answer.isHit, known.answer.isRefusal])
          expect([shared.cpuMs(row), shared.afterMs(row)]).toEqual([known.answer.cpuMs, known.answer.afterMs])
        }
        const kept = { ...answer, untilMs: now + answer.lastsMs }
        const row = shared.keep(edge, object, kept, changes, now)
        expect(shared.find(edge, object, changes, now)).toBe(row)
        model.set(`${edge}/${object}`, { edge, object, answer: kept, changes })
      }
    }),
    { numRuns: 100 },
  )
})

test('of more objects than there is room for the latest are found', () => {
  const shared = new SharedAnswers(1)
  const common = { status: 200, bytes: 1, facts: noFacts, said: 1, reason: 0, isWrong: false, isHit: true }
  const answer = { ...common, isRefusal: false, cpuMs: 0, afterMs: 0, untilMs: startMs + 1_000 }
  for (let object = 0; object < 20_000; object++) shared.keep(0, object, answer, 0, startMs)
  const found = Array.from({ length: 20_000 }, (_, object) => shared.find(0, object, 0, startMs) >= 0)
  expect(found.slice(-8_192)).not.toContain(false)
  expect(found.slice(0, -8_192)).not.toContain(true)
})
