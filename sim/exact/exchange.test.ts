import { expect, test } from 'vitest'
import type { Exchange } from './exchange.ts'
import { Exchanges } from './exchanges.ts'

const instants = [
  'dueMs',
  'wakeMs',
  'plannedMs',
  'sentMs',
  'firstByteByMs',
  'arrivedMs',
  'firstByteMs',
  'lastByteMs',
  'availableMs',
] as const
const wholes = [
  'state',
  'seat',
  'request',
  'object',
  'edge',
  'next',
  'ticket',
  'bytes',
  'status',
  'result',
  'wrong',
  'said',
  'reason',
] as const

/** Numbers of which no two are the same in any exchange or field. */
const fill = (exchange: Exchange): Record<string, number> => {
  const { transient } = exchange
  const numbers = Object.fromEntries([
    ...instants.map((name, place) => [name, 1_800_000_000_000 + transient * 100 + place + 0.25]),
    ...wholes.map((name, place) => [name, (transient + 1) * 100 + 50 + place]),
  ])
  Object.assign(exchange, numbers)
  return numbers
}

test('every field of every exchange has a place of its own, also when further ones are made', () => {
  const exchanges = new Exchanges()
  const filled = [0, 1, 255, 256, 3_000].map(transient => {
    const exchange = exchanges.of(transient)
    return { exchange, numbers: fill(exchange) }
  })
  for (const { exchange, numbers } of filled) expect(exchange).toMatchObject(numbers)
  expect(exchanges.all()).toHaveLength(3_001)
  expect(exchanges.all().every((exchange, place) => exchange.transient === place)).toBe(true)
})

test('an instant that is not known, and one that never comes, are kept', () => {
  const exchange = new Exchanges().of(7)
  exchange.availableMs = Number.NaN
  exchange.firstByteMs = Infinity
  expect(exchange.availableMs).toBeNaN()
  expect(exchange.firstByteMs).toBe(Infinity)
})
