import { crc32 } from 'node:zlib'
import type { types } from 'cassandra-driver'
import type { CandidateKey, CandidateMeta } from '../segment-store.ts'
import { blockOf, type Kind, stripeOf } from './schema.ts'

// Between keys and metadata as the origin knows them, and rows as Cassandra keeps them.

/** Stands for the number of an initialisation segment, in tables of their own. */
const initialisation = -1

export const kindOf = ({ number }: CandidateKey): Kind => (number === 'init' ? 'initialisation' : 'segment')
const numberOf = ({ number }: CandidateKey): number => (number === 'init' ? initialisation : (number as number))

/** The primary key of a candidate's row. */
export function rowKey(key: CandidateKey): readonly unknown[] {
  const number = numberOf(key)
  const stripe = number === initialisation ? 0 : stripeOf(number, crc32(key.pipeline))
  return [key.event, key.rendition, blockOf(number), stripe, number, key.pipeline]
}

/** The only partition in which a rendition's initialisation segments lie. */
export const initialisationPartition = { block: blockOf(initialisation), stripe: 0, number: initialisation }

/** The primary key of chunk `index` of the body that `etag` names. */
export const chunkKey = (key: CandidateKey, etag: string, index: number): readonly unknown[] => [
  key.event,
  key.rendition,
  numberOf(key),
  key.pipeline,
  etag,
  index,
]

/** The same as the driver's routing key, which tells a chunk's replicas: every part with its length and a zero. */
export function chunkRoutingKey(key: CandidateKey, etag: string, index: number): Buffer {
  const parts = chunkKey(key, etag, index).map(value => {
    if (typeof value === 'string') return Buffer.from(value)
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value as number)
    return bytes
  })
  return Buffer.concat(
    parts.flatMap(part => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(part.length)
      return [length, part, Buffer.of(0)]
    }),
  )
}

export interface CandidateRow {
  readonly key: CandidateKey
  readonly meta: CandidateMeta
  readonly chunks: number
  /** The timestamp of its chunks, in microseconds: what removes just these. */
  readonly stagedUs: types.Long
}

/** A row as a candidate; `of` names its event and rendition. */
export function fromRow(of: Pick<CandidateKey, 'event' | 'rendition'>, row: types.Row): CandidateRow {
  const number = row.number as number
  return {
    key: { ...of, number: number === initialisation ? 'init' : number, pipeline: row.pipeline as string },
    meta: {
      etag: row.etag as string,
      bodyBytes: row.body_bytes as number,
      ...(row.defects === null ? {} : { defects: row.defects as string }),
      arrivedMs: row.arrived_ms as number,
    },
    chunks: row.chunks as number,
    stagedUs: row.staged_us as types.Long,
  }
}
