import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DecisionHash } from './decision-hash.ts'

const digestOf = (values: readonly number[]): string => {
  const hash = new DecisionHash()
  for (const value of values) hash.number(value)
  return hash.digest()
}

test('the same decisions give the same digest; another value, place or number of them another one', () => {
  const value = fc.oneof(fc.integer(), fc.double({ noNaN: true }))
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), value, fc.nat(39), (values, other, place) => {
      expect(digestOf(values)).toBe(digestOf([...values]))
      expect(digestOf([...values, 0])).not.toBe(digestOf(values))
      const changed = values.with(place % values.length, other)
      expect(digestOf(changed) === digestOf(values)).toBe(Object.is(other, values[place % values.length]))
    }),
  )
  expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]))
})

test('no two of many small worlds meet', () => {
  const digests = new Set(Array.from({ length: 50_000 }, (_, i) => digestOf([i % 250, Math.floor(i / 250)])))
  expect(digests.size).toBe(50_000)
})
