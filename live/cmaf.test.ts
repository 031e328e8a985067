import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { initSegment, loadAsset, mediaSegment } from '../origin/pipeline/media/asset.ts'
import { cmafFaults, inspectCmaf } from './cmaf.ts'

const asset = loadAsset()
const wallClockMs = Date.UTC(2025, 10, 15, 20, 0, 6)
const segment = mediaSegment(asset, 'v1', { indexFromStart: 3, wallClockMs })

const box = (type: string, ...body: Uint8Array[]): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.reduce((sum, part) => sum + part.byteLength, 0))
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, ...body])
}
const words = (...values: number[]) => Buffer.from(values.flatMap(v => [v >>> 24, v >>> 16, v >>> 8, v]))
const full = (version: number) => words(version * 2 ** 24)
const traf = (...tfdt: number[]) => box('traf', box('tfhd', full(0), words(7)), box('tfdt', words(...tfdt)))
const moof = (sequence: number, ...tfdt: number[]) => box('moof', box('mfhd', full(0), words(sequence)), traf(...tfdt))
const mdat = box('mdat', words(1, 2, 3))

describe('a whole segment', () => {
  test('says its number, its place and its time', () => {
    const facts = { sequenceNumber: 4, baseDecodeTime: 540_000, trackId: 1 }
    expect(inspectCmaf(segment)).toEqual({ ok: true, ...facts, prftWallClockMs: wallClockMs, complete: true })
  })

  test('may be a part of a larger buffer', () => {
    const inside = Buffer.concat([Buffer.alloc(5, 1), segment, Buffer.alloc(5, 1)]).subarray(5, 5 + segment.byteLength)
    expect(inspectCmaf(inside)).toEqual(inspectCmaf(segment))
  })

  test('may come without a producer time, in several chunks, with 32-bit decode times and 64-bit lengths', () => {
    const large = Buffer.concat([words(1), Buffer.from('mdat'), words(0, 20), words(9)])
    const chunks = Buffer.concat([moof(1, 0, 90_000), large, box('emsg', full(0)), moof(2, 0, 93_600), mdat])
    const facts = { sequenceNumber: 1, baseDecodeTime: 90_000, trackId: 7 }
    expect(inspectCmaf(chunks)).toEqual({ ok: true, ...facts, complete: true })
  })

  test('reads producer times of both versions', () => {
    const prft = (version: number, ...media: number[]) =>
      box('prft', full(version), words(7, 2_208_988_801, 0, ...media))
    for (const head of [prft(0, 5), prft(1, 0, 5)]) {
      expect(inspectCmaf(Buffer.concat([head, moof(1, 0, 0), mdat]))).toMatchObject({ prftWallClockMs: 1000 })
    }
  })
})

describe('a torn segment', () => {
  test('never looks complete, wherever it is cut', () => {
    const cuts = [...Array(1000).keys(), ...Array.from({ length: 500 }, (_, i) => segment.byteLength - 1 - i * 97)]
    for (const at of cuts) {
      const found = inspectCmaf(segment.subarray(0, at))
      expect(found.ok && found.complete, `cut at ${at}`).toBe(false)
    }
  })

  test('still says what it is once its head is whole', () => {
    const found = inspectCmaf(segment.subarray(0, 5000))
    expect(found).toMatchObject({ ok: true, sequenceNumber: 4, baseDecodeTime: 540_000, complete: false })
    expect(inspectCmaf(moof(1, 0, 0))).toMatchObject({ ok: true, complete: false })
    expect(inspectCmaf(Buffer.concat([moof(1, 0, 0), moof(2, 0, 0)]))).toMatchObject({ complete: false })
  })

  test('is seen when bytes are missing in the middle or too many', () => {
    const hole = Buffer.concat([segment.subarray(0, 2000), segment.subarray(2100)])
    expect(inspectCmaf(hole)).toMatchObject({ ok: true, complete: false })
    expect(inspectCmaf(Buffer.concat([segment, Buffer.alloc(3)]))).toMatchObject({ ok: true, complete: false })
    const behind = Buffer.concat([segment, segment.subarray(900, 1000)])
    expect(inspectCmaf(behind)).toMatchObject({ ok: false, why: 'bad-box', atByte: segment.byteLength })
  })
})

describe('what is no segment', () => {
  const cases = [
    ['empty', new Uint8Array(0), 0],
    ['bad-box', Buffer.from('\n\n<p>\n<b>not found</b>'), 0],
    ['no-fragment', Buffer.from('<html>not found</html>'), 0],
    ['bad-box', Buffer.concat([words(0), Buffer.from('mdat'), words(1)]), 0],
    ['bad-box', Buffer.concat([words(7), Buffer.from('mdat'), words(1)]), 0],
    ['bad-box', Buffer.concat([words(1), Buffer.from('mdat'), words(0, 15)]), 0],
    ['bad-box', Buffer.concat([words(1), Buffer.from('mdat'), words(0x200000, 0)]), 0],
    ['no-fragment', initSegment(asset, 'v1'), initSegment(asset, 'v1').byteLength],
    ['no-fragment', segment.subarray(0, 60), 56],
    ['no-fragment', Buffer.concat([words(1), Buffer.from('mdat'), words(0)]), 0],
    ['bad-fragment', Buffer.concat([box('moof'), mdat]), 0],
    ['bad-fragment', Buffer.concat([box('moof', words(1)), mdat]), 0],
    ['bad-fragment', Buffer.concat([box('moof', box('mfhd', full(0), words(1))), mdat]), 0],
    ['bad-fragment', Buffer.concat([moof(1, 2 ** 24, 5), mdat]), 0],
    ['bad-fragment', Buffer.concat([moof(1, 2 ** 24, 0x200000, 0), mdat]), 0],
  ] as const

  test.each(cases)('%s', (why, bytes, atByte) => {
    expect(inspectCmaf(bytes)).toEqual({ ok: false, why, atByte })
  })

  test('has a case for every fault in the list', () => {
    expect(new Set(cases.map(([why]) => why))).toEqual(new Set(cmafFaults))
  })

  test('never throws, whatever the bytes and whichever byte is flipped', () => {
    const head = segment.subarray(0, 600)
    const flip = fc.tuple(fc.nat(head.byteLength - 1), fc.nat(255))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => void inspectCmaf(bytes)))
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 4 }), flips => {
        const bytes = Uint8Array.from(head)
        for (const [at, value] of flips) bytes[at] = value
        inspectCmaf(bytes)
      }),
    )
  })
})
