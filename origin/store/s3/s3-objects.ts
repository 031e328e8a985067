import { createHash } from 'node:crypto'
import type { Bytes } from '../../../live/units.ts'
import { type ChunkedBody, chunkHeaderBytes, chunkLength, decodeChunk, frameChunk } from '../chunks.ts'
import { type CandidateKey, type CandidateMeta, type StoredRange, StoreError } from '../segment-store.ts'

// How a candidate lies in a bucket: one object, its metadata beside it in the object's own.
//
//   segments/EVENT/RENDITION/NUMBER/PIPELINE   its chunks in their frames, one behind the other
//   states/EVENT                               an event's state
//   tidegate.json                              the version of all this
//
// Numbers have ten digits, so that the order of names is the order of numbers and a window is one range of a listing. The
// frames are those of every store that cuts bodies (chunks.ts): a part of a body is checked by itself, without the rest.

export const layoutVersion = 1
export const versionKey = 'tidegate.json'
export const segmentsPrefix = 'segments/'
export const stateKey = (event: string): string => `states/${event}`

const digits = 10
const renditionPrefix = (event: string, rendition: string): string => `${segmentsPrefix}${event}/${rendition}/`
/** The names of every number from here on lie behind this one, and of every lower number before it. */
const numberName = (number: number): string => String(number).padStart(digits, '0')

export const objectKey = ({ event, rendition, number, pipeline }: CandidateKey): string =>
  `${renditionPrefix(event, rendition)}${number === 'init' ? number : numberName(number as number)}/${pipeline}`

/** The key that an object's name stands for; undefined for a name that is none of ours. */
export function keyOfObject(name: string): CandidateKey | undefined {
  const [, event, rendition, number, pipeline, ...more] = name.split('/')
  if (!event || !rendition || !pipeline || more.length > 0) return undefined
  if (number !== 'init' && !/^\d{10}$/.test(number ?? '')) return undefined
  return { event, rendition, number: number === 'init' ? number : Number(number), pipeline }
}

/** Prefixes and ends of the listings that a range consists of: its numbers, and the initialisation segments. */
export function listingsOf({ event, renditions, from, to }: StoredRange) {
  return renditions.flatMap(rendition => {
    const prefix = renditionPrefix(event, rendition)
    return [
      { prefix, startAfter: prefix + numberName(from as number), before: prefix + numberName((to as number) + 1) },
      { prefix: `${prefix}init/`, startAfter: undefined, before: undefined },
    ]
  })
}

const frameBytes = ({ chunkBytes }: ChunkedBody): number => (chunkBytes as number) + (chunkHeaderBytes as number)

/** The object of a whole body. */
export function encodeObject(body: ChunkedBody, bytes: Uint8Array): Buffer {
  const frames = Array.from({ length: body.count }, (_, i) => {
    const at = i * (body.chunkBytes as number)
    return frameChunk(body, bytes.subarray(at, at + (chunkLength(body, i) as number)), i)
  })
  return Buffer.concat(frames)
}

/** Where the frames of chunks `first` to `last` lie in their object, ends included. */
export function framesRange(body: ChunkedBody, first: number, last: number): { from: number; to: number } {
  const end = last * frameBytes(body) + (chunkHeaderBytes as number) + (chunkLength(body, last) as number)
  return { from: first * frameBytes(body), to: end - 1 }
}

/** The chunks `first` to `last` out of their frames. Throws StoreError: `corrupt`, `schema`. */
export function decodeFrames(body: ChunkedBody, frames: Uint8Array, first: number, last: number): Uint8Array[] {
  const { from, to } = framesRange(body, first, last)
  if (frames.length !== to - from + 1) {
    throw new StoreError(
      'corrupt',
      `${body.name}: ${frames.length} bytes are kept instead of ${to - from + 1}; not served`,
    )
  }
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const at = i * frameBytes(body)
    return decodeChunk(body, frames.subarray(at, at + frameBytes(body)), first + i)
  })
}

/** Length of a body by that of its object. */
export function bodyBytesOf(objectBytes: number, chunkBytes: Bytes): Bytes {
  const headerBytes = chunkHeaderBytes as number
  return objectBytes - Math.ceil(objectBytes / ((chunkBytes as number) + headerBytes)) * headerBytes
}

/** What is kept of a token: they may be of any length, and what stands beside an object has 2 KiB. */
export const tokenDigest = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** What stands beside an object. Escaped, because HTTP takes no other characters in fields than visible ASCII. */
export function encodeMeta(
  { etag, bodyBytes, arrivedMs, defects }: CandidateMeta,
  token: string,
): Record<string, string> {
  return {
    etag: encodeURIComponent(etag),
    'body-bytes': String(bodyBytes),
    'arrived-ms': String(arrivedMs),
    token: tokenDigest(token),
    ...(defects === undefined ? {} : { defects: encodeURIComponent(defects) }),
  }
}

/** Throws StoreError: `corrupt` when it is not what `encodeMeta` made. */
export function decodeMeta(name: string, fields: Record<string, string> = {}): { meta: CandidateMeta; token: string } {
  const { etag, 'body-bytes': bodyBytes, 'arrived-ms': arrivedMs, token, defects } = fields
  if (!etag || !token || !/^\d+$/.test(bodyBytes ?? '') || !Number.isFinite(Number(arrivedMs))) {
    throw new StoreError('corrupt', `${name}: what is kept beside it is not of Tidegate: ${JSON.stringify(fields)}`)
  }
  return {
    meta: {
      etag: decodeURIComponent(etag),
      bodyBytes: Number(bodyBytes),
      arrivedMs: Number(arrivedMs),
      ...(defects === undefined ? {} : { defects: decodeURIComponent(defects) }),
    },
    token,
  }
}
