import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SegmentAddress } from '../../live/address.ts'
import { anEvent } from '../../live/event.fixture.ts'
import { loadAsset, mediaSegment } from '../../origin/pipeline/media/asset.ts'
import { bodyOf } from './testing/fake-edge.ts'
import { type BodyCheck, type BodyHead, checkFor } from './verify.ts'

const address: SegmentAddress = { kind: 'segment', event: 'final', rendition: 'v1', number: 7 }
const event = anEvent()

/** Hands `body` over in chunks of the given sizes, in one buffer that is written over each time, as sockets do it. */
function verdictOn(check: BodyCheck, body: Uint8Array, sizes: readonly number[]): string | undefined {
  const reused = Buffer.alloc(body.length)
  let from = 0
  for (let i = 0; from < body.length; i++) {
    const bytes = Math.min(body.length - from, sizes[i % sizes.length] ?? body.length)
    reused.set(body.subarray(from, from + bytes))
    check.take(reused.subarray(0, bytes))
    reused.fill(0xff)
    from += bytes
  }
  return check.end()
}

const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 })
const noHead: BodyHead = { contentLength: undefined, etag: undefined }

describe('a synthetic body', () => {
  const body = bodyOf(address)
  const check = (head: BodyHead = noHead, of = address): BodyCheck => checkFor(event, of, head)

  it('is sound however its chunks fall', () => {
    fc.assert(fc.property(sizes, chunks => verdictOn(check(), body, chunks) === undefined))
  })

  it('is found out when one bit of it is flipped', () => {
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(7), sizes, (at, bit, chunks) => {
        const flipped = Uint8Array.from(body)
        flipped[at] = (flipped[at] as number) ^ (1 << bit)
        return verdictOn(check(), flipped, chunks) !== undefined
      }),
    )
  })

  it('is found out when it is cut short, also inside its head', () => {
    fc.assert(
      fc.property(fc.nat(body.length - 1), sizes, (length, chunks) => {
        return verdictOn(check(), body.subarray(0, length), chunks) !== undefined
      }),
    )
  })

  it('is found out when it is of another event, rendition or number', () => {
    for (const other of [{ event: 'semi' }, { rendition: 'v2' }, { number: 8 }]) {
      expect(verdictOn(check(noHead, { ...address, ...other }), body, [500])).toBe('another-segment')
    }
  })

  it('must be as long as the head of the answer says', () => {
    expect(verdictOn(check({ ...noHead, contentLength: body.length }), body, [500])).toBeUndefined()
    expect(verdictOn(check({ ...noHead, contentLength: body.length + 1 }), body, [500])).toBe('length')
  })
})

describe('real media', () => {
  const asset = loadAsset()
  const cmaf = anEvent({ body: 'cmaf', firstNumber: 1 })
  const name = asset.renditions[0]!.description.name
  const body = mediaSegment(asset, name, { indexFromStart: 6, wallClockMs: 0 })
  const etag = `"a-${crc32(body).toString(16).padStart(8, '0')}-${body.length}"`
  const check = (head: Partial<BodyHead> = {}, number = 7): BodyCheck =>
    checkFor(cmaf, { ...address, number }, { contentLength: body.length, etag, ...head })

  it('is sound when length, checksum and sequence number agree', () => {
    expect(verdictOn(check(), body, [body.length])).toBeUndefined()
    expect(verdictOn(check(), body, [333, 4_000])).toBeUndefined()
  })

  it('is found out when a byte, the length or the number is another', () => {
    const flipped = Uint8Array.from(body)
    flipped[body.length - 5]! ^= 1
    expect(verdictOn(check(), flipped, [5_000])).toBe('checksum')
    expect(verdictOn(check(), body.subarray(0, -1), [5_000])).toBe('length')
    expect(verdictOn(check({ contentLength: undefined }), body.subarray(0, -1), [5_000])).toBe('length')
    expect(verdictOn(check({}, 8), body, [5_000])).toBe('another-segment')
    expect(verdictOn(check({ etag: undefined }), new Uint8Array(body.length), [5_000])).toBe('not-a-segment')
  })
})

describe('what is no segment', () => {
  const init = { kind: 'init', event: 'final', rendition: 'v1' } as const

  it('is checked for its length', () => {
    const body = Buffer.from('init')
    expect(verdictOn(checkFor(event, init, { ...noHead, contentLength: 4 }), body, [1])).toBeUndefined()
    expect(verdictOn(checkFor(event, init, { ...noHead, contentLength: 5 }), body, [1])).toBe('length')
  })

  it('is no media playlist when it does not begin as one', () => {
    const check = checkFor(event, { ...init, kind: 'media-playlist' }, noHead)
    expect(verdictOn(check, Buffer.from('<html>'), [2])).toBe('not-a-playlist')
  })
})
