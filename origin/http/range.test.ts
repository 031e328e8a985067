import { describe, expect, it } from 'vitest'
import { isKnown, rangeStands, readRange } from './range.ts'

const whole = { is: 'whole' }
const none = { is: 'unsatisfiable' }
const part = (from: number, to: number) => ({ is: 'part', range: { from, to } })

describe('readRange of a body of 10 bytes', () => {
  it.each([
    [undefined, whole],
    ['bytes=0-', part(0, 9)],
    ['bytes=2-4', part(2, 4)],
    ['bytes=9-9', part(9, 9)],
    ['Bytes=2-400', part(2, 9)],
    ['bytes=-3', part(7, 9)],
    ['bytes=-30', part(0, 9)],
    ['bytes=0-18446744073709551615', part(0, 9)],
    ['bytes=-9007199254740993', part(0, 9)],
    ['bytes=10-', none],
    ['bytes=9007199254740993-', none],
    ['bytes=-0', none],
    ['bytes=', whole],
    ['bytes=-', whole],
    ['bytes=5-2', whole],
    ['bytes=a-b', whole],
    ['seconds=0-1', whole],
    ['bytes=0-1,3-4', whole],
    [`bytes=${Array.from({ length: 1_000 }, (_, i) => `${i}-${i}`)}`, whole],
  ])('%s', (field, verdict) => {
    expect(readRange(field, 10)).toEqual(verdict)
  })

  it('cannot be satisfied by an empty body', () => {
    expect(readRange('bytes=0-', 0)).toEqual(none)
    expect(readRange('bytes=-1', 0)).toEqual(none)
  })
})

describe('conditions', () => {
  it('let a Range stand for the same strong ETag only', () => {
    expect(rangeStands(undefined, '"a"')).toBe(true)
    expect(rangeStands('"a"', '"a"')).toBe(true)
    expect(rangeStands('W/"a"', '"a"')).toBe(false)
    expect(rangeStands('Mon, 23 Nov 2026 01:27:22 GMT', '"a"')).toBe(false)
  })

  it('know the ETag in a list, weak or strong, or any', () => {
    for (const field of ['"a"', '"x", "a"', 'W/"a"', '*']) expect(isKnown(field, '"a"'), field).toBe(true)
    for (const field of [undefined, '', 'a', '"b"', '"a']) expect(isKnown(field, '"a"'), field).toBe(false)
  })
})
