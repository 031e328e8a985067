import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { viewOf, walkBoxes, writeUint64 } from '../../../live/box-reader.ts'
import { inspectCmaf } from '../../../live/cmaf.ts'
import { assetDirectory } from './asset.ts'
import { prftBytes, rewriteSegment, segmentTemplate } from './boxes.ts'
import { AssetError, readInit } from './init-box.ts'

const stored = readFileSync(join(assetDirectory, 'a1', '1.m4s'))
const init = readFileSync(join(assetDirectory, 'a1', 'init.mp4'))
const template = segmentTemplate(stored, '1.m4s')

/** A copy of `bytes` in which `change` has been at work, at the offset of the box type `type`. */
const damaged = (bytes: Buffer, type: string, change: (copy: Buffer, typeAt: number) => void): Buffer => {
  const copy = Buffer.from(bytes)
  change(copy, copy.indexOf(type))
  return copy
}

describe('a rewritten segment', () => {
  test('has styp, prft, moof, mdat in this order', () => {
    const bytes = rewriteSegment(template, { sequenceNumber: 1, decodeTicks: 0, wallClockMs: 0 })
    expect(walkBoxes(viewOf(bytes)).boxes.map(box => box.type)).toEqual(['styp', 'prft', 'moof', 'mdat'])
    expect(walkBoxes(viewOf(bytes)).fault).toBeUndefined()
    expect(bytes.byteLength).toBe(stored.byteLength + prftBytes)
  })

  test('carries the place that it was given, and nothing else has changed', () => {
    const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    const wholeMs = fc.integer({ min: 0, max: Date.UTC(2100, 0) })
    fc.assert(
      fc.property(uint32, fc.maxSafeNat(), wholeMs, (sequenceNumber, decodeTicks, wallClockMs) => {
        const bytes = rewriteSegment(template, { sequenceNumber, decodeTicks, wallClockMs })
        const found = inspectCmaf(bytes)
        expect(found).toMatchObject({
          ok: true,
          sequenceNumber,
          baseDecodeTime: decodeTicks,
          trackId: 1,
          complete: true,
        })
        expect(found.ok && found.prftWallClockMs).toBeCloseTo(wallClockMs, 3)
        expect(viewOf(bytes).getBigUint64(template.mediaTimeAt)).toBe(BigInt(decodeTicks))
        const back = Buffer.concat([bytes.subarray(0, 24), bytes.subarray(24 + prftBytes)])
        back.writeUInt32BE(stored.readUInt32BE(template.sequenceAt - prftBytes), template.sequenceAt - prftBytes)
        writeUint64(viewOf(back), template.decodeTimeAt - prftBytes, template.decodeTicks)
        expect(back.equals(stored)).toBe(true)
      }),
    )
  })

  test('states a 64-bit producer time of the capture (version 1, flags 24) of its own track', () => {
    const bytes = rewriteSegment(template, { sequenceNumber: 1, decodeTicks: 96_256, wallClockMs: 0 })
    const prft = bytes.subarray(24, 24 + prftBytes)
    const hex = ['00000020', '70726674', '01000018', '00000001', '83aa7e80', '00000000', '0000000000017800']
    expect(prft.toString('hex')).toBe(hex.join(''))
  })

  test('shares no bytes with the template', () => {
    const before = Buffer.from(template.bytes)
    rewriteSegment(template, { sequenceNumber: 9, decodeTicks: 9, wallClockMs: 9 }).fill(0)
    expect(template.bytes.equals(before)).toBe(true)
  })
})

describe('a stored segment that cannot be used', () => {
  test.each([
    ['torn', stored.subarray(0, 9000), /1\.m4s: torn at byte \d+/],
    ['with bytes behind its end', Buffer.concat([stored, Buffer.alloc(8)]), /no box at byte 24611/],
    ['without styp', stored.subarray(24), /holds moof, mdat, not styp, moof, mdat/],
    ['empty', Buffer.alloc(0), /holds nothing/],
    [
      'with a 32-bit decode time',
      damaged(stored, 'tfdt', (b, at) => b.writeUInt8(0, at + 4)),
      /tfdt must be version 1/,
    ],
    ['with offsets from the file', damaged(stored, 'tfhd', (b, at) => b.writeUInt8(0, at + 5)), /count from the moof/],
    ['without an offset', damaged(stored, 'trun', (b, at) => b.writeUInt8(0, at + 7)), /trun has no data offset/],
    ['with reordered samples', damaged(stored, 'trun', (b, at) => b.writeUInt8(0xa, at + 6)), /are reordered/],
    ['with a wrong count', damaged(stored, 'trun', (b, at) => b.writeUInt32BE(95, at + 8)), /its 95 samples/],
    ['with a wrong size', damaged(stored, 'trun', (b, at) => b.writeUInt8(9, at + 19)), /do not add up to the media/],
    [
      'with a wrong offset',
      damaged(stored, 'trun', (b, at) => b.writeUInt32BE(0, at + 12)),
      /do not add up to the media/,
    ],
    ['with a second box', damaged(stored, 'mfhd', (b, at) => b.write('traf', at)), /more than one traf box/],
    ['without a header', damaged(stored, 'mfhd', (b, at) => b.write('free', at)), /no mfhd box, exactly one/],
  ])('%s', (_, bytes, message) => {
    expect(() => segmentTemplate(bytes, '1.m4s')).toThrow(message)
    expect(() => segmentTemplate(bytes, '1.m4s')).toThrow(AssetError)
  })

  test('is refused with an AssetError or accepted, whichever byte of its head is flipped', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(255), (at, value) => {
        const bytes = Buffer.from(stored)
        bytes[at] = value
        try {
          segmentTemplate(bytes, '1.m4s')
        } catch (error) {
          expect(error).toBeInstanceOf(AssetError)
        }
      }),
    )
  })
})

describe('an init segment', () => {
  test('says its track, its timescale and its kind', () => {
    expect(readInit(init, 'init.mp4')).toEqual({ trackId: 1, timescale: 48_000, kind: 'audio' })
  })

  test.each([
    ['torn', init.subarray(0, 600), /init\.mp4: torn at byte 28/],
    ['a media segment', stored, /no ftyp box/],
    ['with an edit list', damaged(init, 'mdia', (b, at) => b.write('edts', at)), /has an edit list/],
    ['of subtitles', damaged(init, 'soun', (b, at) => b.write('subt', at)), /neither video nor audio/],
    ['of two minds', damaged(init, 'trex', (b, at) => b.writeUInt32BE(2, at + 8)), /trex names another track/],
    ['not for fragments', damaged(init, 'mvex', (b, at) => b.write('free', at)), /no mvex box/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => readInit(bytes, 'init.mp4')).toThrow(message)
  })
})
