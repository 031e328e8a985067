import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isNotModified, isStrongEtag } from './conditional.ts'
import { parseHttpDate } from './http-date.ts'
import { formatContentRange, parseContentRange, resolveRange } from './range.ts'

const body = { status: 200, bodyBytes: 1_000, etag: '"e"', lastModified: 'Sun, 06 Nov 1994 08:49:37 GMT' }

test.each([
  ['bytes=0-0', { from: 0, to: 0 }],
  ['bytes=0-', { from: 0, to: 999 }],
  ['bytes=10-19', { from: 10, to: 19 }],
  ['bytes=990-5000', { from: 990, to: 999 }],
  ['bytes=-1', { from: 999, to: 999 }],
  ['bytes=-5000', { from: 0, to: 999 }],
  ['BYTES=5-6', { from: 5, to: 6 }],
  ['bytes= 5-6 ', { from: 5, to: 6 }],
  ['bytes=1000-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=99999999999999999999999-', 'unsatisfiable'],
  ['bytes=5-99999999999999999999999', { from: 5, to: 999 }],
  ['bytes=99999999999999999999-99999999999999999998', 'whole'],
  ['bytes=5-4', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=', 'whole'],
  ['bytes=1-2,4-5', 'whole'],
  ['bytes=+1-2', 'whole'],
  ['bytes=1.0-2', 'whole'],
  ['bytes=0x1-2', 'whole'],
  ['lines=1-2', 'whole'],
  ['', 'whole'],
])('%s of 1000 bytes (RFC 9110, 14.1.2)', (header, expected) => {
  expect(resolveRange(header, undefined, body)).toEqual(expected)
})

test('without a range, of another status than 200, of nothing', () => {
  expect(resolveRange(undefined, undefined, body)).toBe('whole')
  expect(resolveRange('bytes=0-1', undefined, { ...body, status: 404 })).toBe('whole')
  expect(resolveRange('bytes=0-', undefined, { ...body, bodyBytes: 0 })).toBe('unsatisfiable')
})

test.each([
  ['"e"', true],
  ['"f"', false],
  ['W/"e"', false],
  ['Sun, 06 Nov 1994 08:49:37 GMT', true],
  ['Sun, 06 Nov 1994 08:49:38 GMT', false],
  ['nonsense', false],
])('If-Range %s counts by strong comparison only (RFC 9110, 13.1.5)', (ifRange, counts) => {
  const dateMs = parseHttpDate('Sun, 06 Nov 1994 08:50:00 GMT')
  const resolved = resolveRange('bytes=0-1', ifRange, { ...body, dateMs })
  expect(resolved).toEqual(counts ? { from: 0, to: 1 } : 'whole')
})

test('a weak ETag never matches If-Range, nor does a date that is not a second older than the answer', () => {
  expect(resolveRange('bytes=0-1', 'W/"e"', { ...body, etag: 'W/"e"' })).toBe('whole')
  const dateMs = parseHttpDate(body.lastModified)
  expect(resolveRange('bytes=0-1', body.lastModified, { ...body, dateMs })).toBe('whole')
})

test('whatever is asked for, a range lies inside the body and its Content-Range reads back', () => {
  const digits = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 80n }).map(String),
    fc.nat(2_000).map(String),
    fc.constant(''),
  )
  fc.assert(
    fc.property(digits, digits, fc.nat(1_500), (first, last, bodyBytes) => {
      const resolved = resolveRange(`bytes=${first}-${last}`, undefined, { ...body, bodyBytes })
      if (typeof resolved !== 'object') return
      expect(resolved.from).toBeGreaterThanOrEqual(0)
      expect(resolved.to).toBeGreaterThanOrEqual(resolved.from as number)
      expect(resolved.to).toBeLessThan(bodyBytes)
      const field = formatContentRange(resolved, bodyBytes)
      expect(parseContentRange(field)).toEqual({ ...resolved, total: bodyBytes })
    }),
  )
  expect(formatContentRange('unsatisfiable', 1_000)).toBe('bytes */1000')
})

test.each(['bytes 0-9/*', 'bytes 9-0/10', 'bytes 0-10/10', 'bytes */10', 'bits 0-1/10', '', undefined])(
  'Content-Range %s says nothing that can be relied on',
  field => expect(parseContentRange(field)).toBeUndefined(),
)

test('HTTP dates are what the calendar says', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), seconds => {
      expect(parseHttpDate(new Date(seconds * 1_000).toUTCString())).toBe(seconds * 1_000)
    }),
  )
  // RFC 9110, 5.6.7: the obsolete forms are read as well.
  for (const obsolete of ['Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994']) {
    expect(parseHttpDate(obsolete)).toBe(parseHttpDate(body.lastModified))
  }
  expect(parseHttpDate('Monday, 06-Nov-34 08:49:37 GMT')).toBe(Date.UTC(2034, 10, 6, 8, 49, 37))
  for (const wrong of ['Sun, 06 Foo 1994 08:49:37 GMT', 'Sunday, 06-Nov-1994 08:49:37 GMT', 'x', undefined]) {
    expect(parseHttpDate(wrong)).toBeUndefined()
  }
})

test.each([
  [{ ifNoneMatch: '"e"' }, true],
  [{ ifNoneMatch: 'W/"e"' }, true],
  [{ ifNoneMatch: '"x", W/"e"' }, true],
  [{ ifNoneMatch: '*' }, true],
  [{ ifNoneMatch: '"x"' }, false],
  [{ ifNoneMatch: 'e' }, false],
  [{ ifNoneMatch: '"x"', ifModifiedSince: body.lastModified }, false],
  [{ ifModifiedSince: body.lastModified }, true],
  [{ ifModifiedSince: 'Sun, 06 Nov 1994 08:49:36 GMT' }, false],
  [{ ifModifiedSince: 'nonsense' }, false],
  [{}, false],
])('%j is not modified: %s (RFC 9110, 13.1)', (conditions, expected) => {
  expect(isNotModified(conditions, body)).toBe(expected)
  expect(isNotModified(conditions, { ...body, status: 404 })).toBe(false)
})

test('only a quoted ETag without W/ is strong', () => {
  expect([isStrongEtag('"e"'), isStrongEtag('W/"e"'), isStrongEtag(undefined)]).toEqual([true, false, false])
})
