import { crc32 } from 'node:zlib'
import { limits } from '../../live/limits.ts'
import type { Bytes } from '../../live/units.ts'
import { type ByteRange, type CandidateKey, formatKey, type KnownBody, StoreError } from './segment-store.ts'

// How a body lies in chunks, the same in every store that cuts bodies: so that every part is retried, hedged and cached
// by itself. A chunk is kept in a frame of its own, which says whose it is: a flipped bit, a wrong length, a chunk out
// of its place, of another key or of another body under the same key is found when it is read.
//
//   0..2 'TGc'   3 version of the frame   4..7 length of the bytes   8..11 index   12..15 CRC-32   16.. the bytes
//
// Numbers are big-endian. The CRC-32 runs over the key and the ETag as text, then bytes 0 to 11, then the bytes: every
// version keeps it there, so that a frame of another version can be told from a broken one.

const chunkFrameVersion = 1
/** What a frame adds to its chunk. */
export const chunkHeaderBytes: Bytes = 16
const magic = 0x544763
/** The header's bytes that the checksum covers. */
const checkedHeaderBytes = 12

/** A body as chunks. Made once for a write or a read; all of it follows from the key and what is known of the body. */
export interface ChunkedBody {
  /** The key as text, for messages. */
  readonly name: string
  readonly bodyBytes: Bytes
  /** Length of every chunk but the last. */
  readonly chunkBytes: Bytes
  /** At least 1: an empty body is one empty chunk, so that it can be told from a missing one. */
  readonly count: number
  /** CRC-32 of key and ETag: what each chunk's own checksum starts from. */
  readonly identityCrc: number
}

/** The chunks of the body that `known` names under `key`. */
export function chunkedBody(
  key: CandidateKey,
  { etag, bodyBytes }: KnownBody,
  chunkBytes: Bytes = limits.chunkBytes,
): ChunkedBody {
  const name = formatKey(key)
  const count = Math.max(1, Math.ceil((bodyBytes as number) / (chunkBytes as number)))
  return { name, bodyBytes, chunkBytes, count, identityCrc: crc32(`${name} ${etag}`) }
}

/** The chunks that `range` needs, both included; all of them without one. `range` must lie within the body. */
export function chunksWithin(body: ChunkedBody, range?: ByteRange): { readonly first: number; readonly last: number } {
  if (!range) return { first: 0, last: body.count - 1 }
  const { from, to } = withinBody(body, range)
  return { first: Math.floor(from / (body.chunkBytes as number)), last: Math.floor(to / (body.chunkBytes as number)) }
}

/** Length of chunk `index`, without its frame. */
export const chunkLength = ({ bodyBytes, chunkBytes }: ChunkedBody, index: number): Bytes =>
  Math.min(chunkBytes as number, (bodyBytes as number) - index * (chunkBytes as number))

/** Chunk `index` of `bytes` (the whole body) in its frame. Copies the chunk, and nothing else. */
export function encodeChunk(body: ChunkedBody, bytes: Uint8Array, index: number): Uint8Array {
  const at = index * (body.chunkBytes as number)
  return frameChunk(body, bytes.subarray(at, at + (chunkLength(body, index) as number)), index)
}

/** `chunk`, which is number `index` of its body, in its frame. */
export function frameChunk(body: ChunkedBody, chunk: Uint8Array, index: number): Uint8Array {
  const frame = Buffer.allocUnsafeSlow((chunkHeaderBytes as number) + chunk.length)
  frame.writeUInt32BE(magic * 0x100 + chunkFrameVersion, 0)
  frame.writeUInt32BE(chunk.length, 4)
  frame.writeUInt32BE(index, 8)
  frame.writeUInt32BE(crc32(chunk, crc32(frame.subarray(0, checkedHeaderBytes), body.identityCrc)), checkedHeaderBytes)
  frame.set(chunk, chunkHeaderBytes as number)
  return frame
}

/**
 * The bytes of chunk `index` out of its frame: a view, not a copy. Throws StoreError: `corrupt` when the frame is not
 * that chunk of that body, whole and unchanged; `schema` when it is, but in another version's frame.
 */
export function decodeChunk(body: ChunkedBody, frame: Uint8Array, index: number): Uint8Array {
  const broken = (what: string) =>
    new StoreError('corrupt', `${body.name}: chunk ${index + 1} of ${body.count} ${what}; it is not served`)
  const headerBytes = chunkHeaderBytes as number
  if (frame.length < headerBytes) throw broken(`is cut to ${frame.length} bytes, less than its header`)
  const header = Buffer.from(frame.buffer, frame.byteOffset, headerBytes)
  const bytes = frame.subarray(headerBytes)
  const sum = crc32(bytes, crc32(header.subarray(0, checkedHeaderBytes), body.identityCrc))
  if (sum !== header.readUInt32BE(checkedHeaderBytes)) throw broken(`of ${bytes.length} bytes fails its checksum`)
  const first = header.readUInt32BE(0)
  if (first !== magic * 0x100 + chunkFrameVersion) {
    const what = `${body.name}: chunk ${index + 1} was written in frame version ${first % 0x100}, this is ${chunkFrameVersion}`
    throw new StoreError('schema', `${what}: migrate the store, or start with an empty one`)
  }
  const length = header.readUInt32BE(4)
  const wanted = chunkLength(body, index)
  if (header.readUInt32BE(8) !== index) throw broken(`is kept as chunk ${header.readUInt32BE(8) + 1}`)
  if (length !== bytes.length || length !== wanted) throw broken(`has ${bytes.length} bytes instead of ${wanted}`)
  return bytes
}

/**
 * The body, or `range` of it, from its decoded chunks: those of `chunksWithin`, in order. What lies within one chunk is
 * a view of it; what does not is copied once, and only what was asked for.
 */
export function assemble(body: ChunkedBody, chunks: readonly Uint8Array[], range?: ByteRange): Uint8Array {
  const { first, last } = chunksWithin(body, range)
  if (chunks.length !== last - first + 1) {
    throw new RangeError(`${body.name}: ${chunks.length} chunks to assemble chunks ${first + 1} to ${last + 1} from`)
  }
  const start = first * (body.chunkBytes as number)
  const from = (range ? (range.from as number) : 0) - start
  const end = (range ? (range.to as number) + 1 : (body.bodyBytes as number)) - start
  if (chunks.length === 1) return (chunks[0] as Uint8Array).subarray(from, end)
  const whole = Buffer.allocUnsafeSlow(end - from)
  let at = -from
  for (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, -at), whole.length - at)
    whole.set(part, Math.max(0, at))
    at += chunk.length
  }
  return whole
}

function withinBody({ name, bodyBytes }: ChunkedBody, range: ByteRange): { from: number; to: number } {
  const [from, to] = [range.from as number, range.to as number]
  if (from >= 0 && from <= to && to < (bodyBytes as number)) return { from, to }
  throw new RangeError(`${name}: bytes ${from} to ${to} do not lie within a body of ${bodyBytes}`)
}
