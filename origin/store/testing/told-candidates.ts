import { crc32 } from 'node:zlib'
import { RandomStream } from '../../../live/random.ts'
import type { CandidateKey, CandidateMeta } from '../segment-store.ts'

// Candidates whose key, body and metadata follow from a seed and a number, so that a process can check what another one
// wrote before it was killed.

export interface ToldCandidate {
  readonly key: CandidateKey
  readonly body: Uint8Array
  readonly meta: CandidateMeta
}

export const toldEvent = 'cup'
export const toldRendition = 'v1'
/** From an inline body to eight chunks: every length that takes another way through a store. */
const longestBytes = 2_000_000

/** Candidate `number` of the world that `seed` names. */
export function toldCandidate(seed: number, number: number): ToldCandidate {
  const random = new RandomStream(seed, `body ${number}`)
  const body = Buffer.alloc(Math.floor(random.uniform(1, longestBytes)), `${seed}/${number} `)
  const etag = `"a-${crc32(body).toString(16).padStart(8, '0')}-${body.length}"`
  return {
    key: { event: toldEvent, rendition: toldRendition, number, pipeline: 'a' },
    body,
    meta: { etag, bodyBytes: body.length, arrivedMs: 1_700_000_000_000 + number },
  }
}
