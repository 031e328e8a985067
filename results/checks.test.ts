import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allHeld, type Condition, checkFigure, formatWant, parseWant } from './checks.ts'

const value = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(v => (v === 0 ? 0 : v)),
)
const condition = fc
  .record({ equals: value, atMost: value, atLeast: value }, { requiredKeys: [] })
  .filter(given => Object.keys(given).length > 0)

test('what a check wants is kept as a text that reads back as the same', () => {
  fc.assert(
    fc.property(condition, given => {
      expect(parseWant(formatWant(given))).toEqual({ ...given })
    }),
  )
  expect(formatWant({ atMost: 2 })).toBe('<= 2')
  expect(() => parseWant('about 2')).toThrow("'about 2' is no condition of a check")
})

test.each<[Condition, number, string]>([
  [{ equals: 1 }, 1, 'held'],
  [{ equals: 1 }, 1.0001, 'failed'],
  [{ atMost: 2 }, 2, 'held'],
  [{ atMost: 2 }, 3, 'failed'],
  [{ atLeast: 1, atMost: 2 }, 0, 'failed'],
])('%j of %d has %s', (want, got, outcome) => {
  expect(checkFigure({ figure: got }, 'figure', want).outcome).toBe(outcome)
})

test('a figure that nobody emitted does not hold, whatever is wanted of it', () => {
  const check = checkFigure({}, 'made_up', { atMost: 5 })
  expect(check).toEqual({ figure: 'made_up', want: '<= 5', got: null, outcome: 'not-emitted' })
  expect(allHeld([{ checks: [check] }])).toBe(false)
  expect(allHeld([{ checks: [checkFigure({ made_up: 5 }, 'made_up', { atMost: 5 })] }])).toBe(true)
})
