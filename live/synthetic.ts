import { limits } from './limits.ts'
import type { Defect } from './live-state.ts'
import { hash32 } from './random.ts'
import { type Bytes, clamp, type EpochMs, type Ms, type SegmentNumber } from './units.ts'

// Sized synthetic bodies: a readable head that carries address, pipeline, publication and checksum, then filler that
// depends on all of these. Two pipelines' bodies of one segment differ in every part, so that a splice is seen.

export interface SyntheticIdentity {
  readonly event: string
  readonly rendition: string
  readonly number: SegmentNumber
  readonly pipeline: string
  /** When the packager made it, whole epoch ms. */
  readonly publishedMs: EpochMs
}

/** Native where the driver has it (node:zlib), else `crc32Table` from here. */
export type Crc32 = (bytes: Uint8Array) => number

const magic = 'TIDEGATE/1 '
/** The head is padded to this size, so that its length needs no field. */
export const syntheticHeadBytes = 256
const fillerBlock = 4_096
const headForm = /^(TIDEGATE\/1 ([a-z0-9-]+) ([a-z0-9-]+) ([0-9]+) ([a-z0-9-]+) ([0-9]+) ([0-9]+)) ([0-9]+) *$/

/** The last word of a head: the filler's checksum, mixed with what the head says; the same again takes it out. */
const sealOf = (said: string, checksum: number): number => (checksum ^ hash32(said)) >>> 0

/** A body of exactly `bodyBytes` (at least the head's size). */
export function makeSynthetic(identity: SyntheticIdentity, bodyBytes: Bytes, crc32: Crc32): Uint8Array<ArrayBuffer> {
  const size = Math.max(syntheticHeadBytes, bodyBytes as number)
  const bytes = new Uint8Array(size)
  fill(bytes, identity)
  const { event, rendition, number, pipeline, publishedMs } = identity
  const said = `${magic}${event} ${rendition} ${number} ${pipeline} ${publishedMs} ${size}`
  const head = `${said} ${sealOf(said, crc32(bytes.subarray(syntheticHeadBytes)))}`
  if (head.length > syntheticHeadBytes) throw new RangeError(`synthetic head of ${head.length} bytes: names too long`)
  for (let i = 0; i < syntheticHeadBytes; i++) bytes[i] = i < head.length ? head.charCodeAt(i) : 0x20
  return bytes
}

/**
 * The size of a segment of `bitsPerSecond`. A short segment is smaller by the share of media that is missing, a missing
 * one is a head alone; a discontinuity does not change the size.
 */
export const syntheticBodyBytes = (bitsPerSecond: number, segmentMs: Ms, defects: readonly Defect[]): Bytes => {
  const soundBytes = (bitsPerSecond * (segmentMs as number)) / 8_000
  return clamp(Math.round(soundBytes * mediaShare(segmentMs, defects)), syntheticHeadBytes, limits.segmentBodyBytes)
}

/** How much of a segment's media is there, 0 to 1. */
function mediaShare(segmentMs: Ms, defects: readonly Defect[]): number {
  if (defects.some(defect => defect.kind === 'missing')) return 0
  const shortMs = defects.reduce((sum, defect) => sum + (defect.kind === 'short' ? defect.ms : 0), 0)
  return clamp(1 - shortMs / (segmentMs as number), 0, 1)
}

export type SyntheticVerdict =
  | { readonly ok: true; readonly identity: SyntheticIdentity }
  | { readonly ok: false; readonly why: 'not-synthetic' | 'length' | 'checksum' }

/** What the head of a synthetic body says of the whole. */
export interface SyntheticHead {
  readonly identity: SyntheticIdentity
  /** Size of the whole body, head included. */
  readonly bodyBytes: Bytes
  /** CRC-32 of everything behind the head. */
  readonly checksum: number
}

/** The head at the start of `bytes` (at least `syntheticHeadBytes`), or undefined where they are no synthetic body. */
export function readSyntheticHead(bytes: Uint8Array): SyntheticHead | undefined {
  if (bytes.length < syntheticHeadBytes) return undefined
  const head = String.fromCharCode(...bytes.subarray(0, syntheticHeadBytes))
  const match = headForm.exec(head)
  if (match === null) return undefined
  const [, said, event, rendition, number, pipeline, publishedMs, size, seal] = match as unknown as string[]
  return {
    identity: {
      event: event as string,
      rendition: rendition as string,
      number: Number(number),
      pipeline: pipeline as string,
      publishedMs: Number(publishedMs),
    },
    bodyBytes: Number(size),
    checksum: sealOf(said as string, Number(seal)),
  }
}

/** Whether `bytes` are one whole synthetic body, and whose. */
export function readSynthetic(bytes: Uint8Array, crc32: Crc32): SyntheticVerdict {
  const head = readSyntheticHead(bytes)
  if (head === undefined) return { ok: false, why: 'not-synthetic' }
  if (head.bodyBytes !== bytes.length) return { ok: false, why: 'length' }
  if (crc32(bytes.subarray(syntheticHeadBytes)) !== head.checksum) return { ok: false, why: 'checksum' }
  return { ok: true, identity: head.identity }
}

function fill(bytes: Uint8Array, { event, rendition, number, pipeline, publishedMs }: SyntheticIdentity): void {
  let word = hash32(`${event}/${rendition}/${number}/${pipeline}/${publishedMs}`) | 1
  const end = Math.min(bytes.length, syntheticHeadBytes + fillerBlock)
  for (let i = syntheticHeadBytes; i < end; i++) {
    word ^= word << 13
    word ^= word >>> 17
    word ^= word << 5
    bytes[i] = word
  }
  // Copied onward in doubling steps: what matters is that bodies differ, not that one is random throughout.
  for (let done = end; done < bytes.length; ) {
    const length = Math.min(done - syntheticHeadBytes, bytes.length - done)
    bytes.copyWithin(done, syntheticHeadBytes, syntheticHeadBytes + length)
    done += length
  }
}
