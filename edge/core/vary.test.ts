import { expect, test } from 'vitest'
import { selectedBy, varyOf } from './vary.ts'

// RFC 9111, 4.1: what selects among stored answers.

test.each([
  ['accept-language', 'en, de', 'EN ,  de'],
  ['accept-encoding', 'gzip;q=1, br', 'gzip ; q=1,BR'],
  ['foo', '1,2', ' 1, 2 '],
  ['foo', 'a b', 'a \t b'],
])('%s: "%s" and "%s" select the same', (name, one, other) => {
  expect(selectedBy([name], { [name]: one })).toBe(selectedBy([name], { [name]: other }))
})

test.each([
  ['foo', 'a', 'A'],
  ['foo', '"a, b"', '"a,b"'],
  ['foo', 'a b', 'ab'],
  // The order of languages is a wish to some (RFC 9110, 12.5.4).
  ['accept-language', 'en, de', 'de, en'],
])('%s: "%s" and "%s" do not', (name, one, other) => {
  expect(selectedBy([name], { [name]: one })).not.toBe(selectedBy([name], { [name]: other }))
})

test('Vary is a list of names in any case; with * in it nothing ever matches', () => {
  expect(varyOf({ vary: 'B, a,,A' })).toEqual(['a', 'b'])
  expect(varyOf({})).toEqual([])
  expect(varyOf({ vary: 'a, *' })).toBeUndefined()
})
