import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, formatInstant } from './instant.ts'

const lastOf9999 = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

test('an instant reads as the platform would write it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: lastOf9999 }), ms => formatInstant(ms) === new Date(ms).toISOString()),
    { numRuns: 2_000 },
  )
  expect(formatInstant(lastOf9999)).toBe('9999-12-31T23:59:59.999Z')
  expect(formatInstant(Date.UTC(2000, 1, 29))).toBe('2000-02-29T00:00:00.000Z')
})

test('fractions of a millisecond are rounded up: nothing is promised too early', () => {
  expect(formatInstant(0.01)).toBe('1970-01-01T00:00:00.001Z')
})

test('instants outside of four-digit years are refused', () => {
  expect(() => formatInstant(-1)).toThrow(RangeError)
  expect(() => formatInstant(lastOf9999 + 1)).toThrow(RangeError)
  expect(() => formatInstant(Number.NaN)).toThrow(RangeError)
})

test('durations', () => {
  expect([0, 500, 2_000, 4_004].map(formatDuration)).toEqual(['PT0S', 'PT0.5S', 'PT2S', 'PT4.004S'])
})
