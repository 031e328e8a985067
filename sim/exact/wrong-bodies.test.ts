import { expect, test } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { Objects } from '../objects.ts'
import { results } from './exchange.ts'
import { Exchanges } from './exchanges.ts'
import { FleetTally } from './fleet-tally.ts'
import { isWrong, noFacts } from './upstream-call.ts'

test('an answer is wrong when it is not the whole body of what was asked', () => {
  const facts = { availableMs: 0, playlist: undefined, body: { object: 4, bytes: 100 } }
  expect(isWrong(facts, 4, 100)).toBe(false)
  expect(isWrong(facts, 5, 100)).toBe(true)
  expect(isWrong(facts, 4, 99)).toBe(true)
  // A text or a refusal names no body.
  expect(isWrong(noFacts, 4, 1)).toBe(false)
})

test('whole answers are counted that have a wrong body, and no others', () => {
  const event = anEvent()
  const objects = new Objects(event)
  const rendition = event.renditions[0]?.name as string
  const segment = { kind: 'segment', event: event.event, rendition, number: event.firstNumber } as const
  const tally = new FleetTally(event, objects, event.startMs)
  const exchange = new Exchanges().of(0)
  exchange.object = objects.idOf(segment)
  const end = (status: number, wrong: number, result: number = results.status) => {
    Object.assign(exchange, { status, wrong, result })
    tally.ended(exchange)
  }
  end(200, 0)
  end(200, 1)
  end(503, 1)
  end(200, 1, results.reset)
  expect(tally.part().counts.wrong_bodies).toBe(1)
})
