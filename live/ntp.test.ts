import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readNtp, writeNtp } from './ntp.ts'

const view = new DataView(new ArrayBuffer(8))

test('1970 is 2,208,988,800 s after 1900 (RFC 5905, figure 4), and half a second is half the fraction', () => {
  writeNtp(view, 0, 500)
  expect(view.getUint32(0)).toBe(2_208_988_800)
  expect(view.getUint32(4)).toBe(0x80000000)
})

test('era 1 begins on 2036-02-07 at 06:28:16', () => {
  const era1 = Date.UTC(2036, 1, 7, 6, 28, 16)
  writeNtp(view, 0, era1)
  expect(view.getBigUint64(0)).toBe(0n)
  expect(readNtp(view, 0)).toBe(era1)
  expect(readNtp(new DataView(new Uint8Array(8).fill(0xff).buffer), 0)).toBeCloseTo(era1, 3)
})

test('a fraction that rounds up to a whole second carries', () => {
  const almost = 1_000_000_000_000 - 2 ** -13
  writeNtp(view, 0, almost)
  expect(Math.abs(readNtp(view, 0) - almost)).toBeLessThan(0.001)
  writeNtp(view, 0, 1 - 2 ** -53)
  writeNtp(view, 0, 999.9999999999)
  expect(readNtp(view, 0)).toBe(1000)
})

test('whole milliseconds come back whole and fractions to within a microsecond', () => {
  const last = Date.UTC(2100, 0)
  fc.assert(
    fc.property(fc.double({ min: 0, max: last, noNaN: true }), instant => {
      writeNtp(view, 0, instant)
      expect(Math.abs(readNtp(view, 0) - instant)).toBeLessThan(0.001)
      writeNtp(view, 0, Math.floor(instant))
      expect(Math.round(readNtp(view, 0))).toBe(Math.floor(instant))
    }),
  )
})
