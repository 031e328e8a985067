import { crc32 } from 'node:zlib'
import type { Bytes, EpochMs } from '../../../live/units.ts'
import { type ChunkedBody, chunkedBody } from '../chunks.ts'
import type { CandidateKey, CandidateMeta } from '../segment-store.ts'

// What the embedded store writes: keys and rows. An attempt to put a candidate has a number that only goes up, and all
// that it writes is ordered by it: old segments lie together (to be dropped as a range), new tables do not overlap old
// ones (so that they are not rewritten), and two attempts never touch each other's chunks.
//
//   schema             the version of all this
//   i/{attempt}        an attempt has begun to stage chunks: what is left of it may be removed
//   c/{attempt}/{n}    chunk n in its frame (chunks.ts)
//   m/{attempt}        the attempt is committed: its candidate, with the number of its chunks
//   s/{event}          an event's state

export const schemaVersion = '1'

/** What commits a candidate, and all that is known of it; also kept in memory. */
export interface Row {
  readonly attempt: number
  readonly key: CandidateKey
  readonly meta: CandidateMeta
  readonly token: string
  /** Length of every chunk but the last. */
  readonly chunkBytes: Bytes
  readonly chunks: number
}

export interface StateRow {
  readonly event: string
  readonly text: string
  readonly savedMs: EpochMs
}

/** 2^53 in hexadecimal has 14 digits: as text they sort as the numbers do. */
const attemptDigits = 14
/** `segmentBodyBytes` are 128 chunks; four digits leave room for smaller ones. */
const chunkDigits = 4
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

export const prefixes = { intent: 'i/', chunk: 'c/', row: 'm/', state: 's/' } as const
export const keys = {
  schema: 'schema',
  intent: (attempt: number) => `${prefixes.intent}${hex(attempt, attemptDigits)}`,
  chunk: (attempt: number, index: number) => `${chunksKey(attempt)}${hex(index, chunkDigits)}`,
  row: (attempt: number) => `${prefixes.row}${hex(attempt, attemptDigits)}`,
  state: (event: string) => `${prefixes.state}${event}`,
}
/** Before every chunk of `attempt`, and after those of the one before it. */
export const chunksKey = (attempt: number): string => `${prefixes.chunk}${hex(attempt, attemptDigits)}/`
/** The attempt of an intent's or a row's key. */
export const attemptOf = (key: string): number => Number.parseInt(key.slice(2), 16)

/** Every key of a committed attempt. */
export const keysOf = ({ attempt, chunks }: Pick<Row, 'attempt' | 'chunks'>): string[] => [
  keys.row(attempt),
  keys.intent(attempt),
  ...Array.from({ length: chunks }, (_, index) => keys.chunk(attempt, index)),
]

/** The chunks of a committed candidate. */
export const bodyOf = ({ key, meta, chunkBytes }: Row): ChunkedBody => chunkedBody(key, meta, chunkBytes)

const sumBytes = 4

/** `content` as JSON behind a CRC-32 over it and the key it stands under: LevelDB reads without looking at its own. */
export function seal(key: string, content: unknown): Uint8Array {
  const text = Buffer.from(JSON.stringify(content))
  const sealed = Buffer.allocUnsafeSlow(sumBytes + text.length)
  sealed.writeUInt32BE(crc32(text, crc32(key)), 0)
  text.copy(sealed, sumBytes)
  return sealed
}

/** What `seal` sealed; undefined when it is not what was written under `key`. */
export function unseal<Content>(key: string, sealed: Uint8Array): Content | undefined {
  if (sealed.length < sumBytes) return undefined
  const buffer = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
  const text = buffer.subarray(sumBytes)
  if (buffer.readUInt32BE(0) !== crc32(text, crc32(key))) return undefined
  return JSON.parse(text.toString()) as Content
}
