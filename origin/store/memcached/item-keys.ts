import { createHash } from 'node:crypto'
import { limits } from '../../../live/limits.ts'
import { type CandidateKey, formatKey } from '../segment-store.ts'

// The names of chunks in memcached. A name has the body's ETag in it, so that an old body under the same key can never be
// found, and the version of what is kept, so that another version of Tidegate beside this one finds nothing of ours.

const version = 'tidegate1'
/** memcached takes no space and no control character. */
const plain = /^[!-~]+$/
/** Of what stands behind the name of the body: `/` and the number of a chunk. */
const indexBytes = 8

/** What the items of a body have in common; a person can read it where it is short enough. */
export function itemPrefix(key: CandidateKey, etag: string): string {
  const name = `${version}/${formatKey(key)}/${etag}`
  if (plain.test(name) && name.length + indexBytes <= limits.memcachedKeyBytes) return name
  return `${version}/sha256/${createHash('sha256').update(name).digest('base64url')}`
}

export const itemKey = (prefix: string, chunk: number): string => `${prefix}/${chunk}`
