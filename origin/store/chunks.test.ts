import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import {
  assemble,
  chunkedBody,
  chunkHeaderBytes,
  chunkLength,
  chunksWithin,
  decodeChunk,
  encodeChunk,
} from './chunks.ts'
import { type CandidateKey, StoreError } from './segment-store.ts'

const key: CandidateKey = { event: 'cup', rendition: 'v1', number: 7, pipeline: 'a' }
const etagOf = (body: Uint8Array) => `"a-${crc32(body).toString(16).padStart(8, '0')}-${body.length}"`
const planOf = (body: Uint8Array, chunkBytes: number, etag = etagOf(body)) =>
  chunkedBody(key, { etag, bodyBytes: body.length }, chunkBytes)

const bodies = fc.uint8Array({ maxLength: 300 })
const chunkSizes = fc.integer({ min: 1, max: 90 })
/** A body with at least one byte, and a range within it. */
const ranged = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .chain(body =>
    fc
      .tuple(fc.nat(body.length - 1), fc.nat(body.length - 1))
      .map(([a, b]) => ({ body, range: { from: Math.min(a, b), to: Math.max(a, b) } })),
  )

const framesOf = (body: Uint8Array, chunkBytes: number): Uint8Array[] => {
  const plan = planOf(body, chunkBytes)
  return Array.from({ length: plan.count }, (_, i) => encodeChunk(plan, body, i))
}
/** How reading `frame` as chunk `index` failed. */
const failure = (plan: ReturnType<typeof planOf>, frame: Uint8Array, index: number): StoreError => {
  try {
    decodeChunk(plan, frame, index)
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError)
    return error as StoreError
  }
  throw new Error('a wrong chunk was taken for a right one')
}

describe('a body in chunks', () => {
  it('is the body again when it is put together', () => {
    fc.assert(
      fc.property(bodies, chunkSizes, (body, chunkBytes) => {
        const plan = planOf(body, chunkBytes)
        const chunks = framesOf(body, chunkBytes).map((frame, i) => decodeChunk(plan, frame, i))
        expect(chunks.map(chunk => chunk.length)).toEqual(chunks.map((_, i) => chunkLength(plan, i)))
        expect(Buffer.compare(assemble(plan, chunks), body)).toBe(0)
      }),
    )
  })

  it('gives any range, from no more chunks than hold it', () => {
    fc.assert(
      fc.property(ranged, chunkSizes, ({ body, range }, chunkBytes) => {
        const plan = planOf(body, chunkBytes)
        const { first, last } = chunksWithin(plan, range)
        expect(last - first + 1).toBeLessThanOrEqual(Math.ceil((range.to - range.from) / chunkBytes) + 1)
        const chunks = framesOf(body, chunkBytes)
          .slice(first, last + 1)
          .map((frame, i) => decodeChunk(plan, frame, first + i))
        expect(Buffer.compare(assemble(plan, chunks, range), body.subarray(range.from, range.to + 1))).toBe(0)
      }),
    )
  })

  it('is one chunk when it is empty, and as many as it must be at the edges', () => {
    const countOf = (bodyBytes: number) => chunkedBody(key, { etag: '"x"', bodyBytes }).count
    const chunk = limits.chunkBytes
    expect([0, 1, chunk, chunk + 1, 4 * chunk].map(countOf)).toEqual([1, 1, 1, 2, 4])
  })

  it('is not copied when one chunk holds what is asked for', () => {
    const body = new Uint8Array(100).fill(7)
    const plan = planOf(body, 100)
    const frame = encodeChunk(plan, body, 0)
    const part = assemble(plan, [decodeChunk(plan, frame, 0)], { from: 10, to: 19 })
    expect(part.buffer).toBe(frame.buffer)
    expect(part.byteOffset).toBe(frame.byteOffset + (chunkHeaderBytes as number) + 10)
  })

  it('refuses a range that does not lie within it, and the wrong number of chunks', () => {
    const body = new Uint8Array(10)
    const plan = planOf(body, 4)
    for (const range of [
      { from: 0, to: 10 },
      { from: 5, to: 4 },
      { from: -1, to: 2 },
    ]) {
      expect(() => chunksWithin(plan, range)).toThrow(RangeError)
    }
    expect(() => assemble(plan, [body])).toThrow(RangeError)
  })
})

describe('a chunk that is not what was written', () => {
  it('is found by any single flipped bit', () => {
    fc.assert(
      fc.property(bodies, chunkSizes, fc.nat(), fc.nat(), (body, chunkBytes, whichChunk, whichBit) => {
        const frames = framesOf(body, chunkBytes)
        const index = whichChunk % frames.length
        const frame = frames[index] as Uint8Array
        const bit = whichBit % (frame.length * 8)
        frame[bit >> 3] = (frame[bit >> 3] as number) ^ (1 << (bit & 7))
        const { fault, message } = failure(planOf(body, chunkBytes), frame, index)
        expect(fault).toBe('corrupt')
        expect(message).toContain(`cup/v1/7/a: chunk ${index + 1} of ${frames.length}`)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is found at any length but its own', () => {
    fc.assert(
      fc.property(bodies, chunkSizes, fc.nat(), fc.nat({ max: 400 }), (body, chunkBytes, whichChunk, length) => {
        const frames = framesOf(body, chunkBytes)
        const index = whichChunk % frames.length
        const frame = frames[index] as Uint8Array
        fc.pre(length !== frame.length)
        const other = new Uint8Array(length)
        other.set(frame.subarray(0, length))
        expect(failure(planOf(body, chunkBytes), other, index).fault).toBe('corrupt')
      }),
    )
  })

  it('is found in another place, under another key, and of another body under the same key', () => {
    const body = new Uint8Array(8).fill(1)
    const plan = planOf(body, 4)
    const [first] = framesOf(body, 4) as [Uint8Array]
    expect(failure(plan, first, 1).fault).toBe('corrupt')
    const elsewhere = chunkedBody({ ...key, pipeline: 'b' }, { etag: etagOf(body), bodyBytes: 8 }, 4)
    expect(failure(elsewhere, first, 0).fault).toBe('corrupt')
    expect(failure(planOf(body, 4, '"a-another-8"'), first, 0).fault).toBe('corrupt')
  })

  it('is called of another version when its checksum holds and its version is not ours', () => {
    const body = new TextEncoder().encode('segment')
    const plan = planOf(body, 100)
    const frame = Buffer.from(encodeChunk(plan, body, 0))
    frame[3] = 2
    frame.writeUInt32BE(crc32(frame.subarray(16), crc32(frame.subarray(0, 12), plan.identityCrc)), 12)
    const { fault, message } = failure(plan, frame, 0)
    expect(fault).toBe('schema')
    expect(message).toMatch(/frame version 2.*migrate/)
  })
})
