import { crc32 } from 'node:zlib'
import type { Bytes } from '../../live/units.ts'
import type { KnownBody } from '../store/segment-store.ts'

// The ETag of a body: `"a-0123abcd-500000"`, strong, for it names the pipeline, the checksum and the length.

/** The ETag of `body`, made by `pipeline`. */
export const etagOf = (pipeline: string, body: Uint8Array): string =>
  `"${pipeline}-${hex32(crc32(body))}-${body.length}"`

/** The body that an ETag speaks of; undefined when it is none of ours. */
export function bodyOfEtag(etag: string): (KnownBody & { readonly pipeline: string }) | undefined {
  const match = /^"([a-z0-9][a-z0-9-]{0,63})-[0-9a-f]{8}-(\d{1,10})"$/.exec(etag)
  const [, pipeline, length] = match ?? []
  return pipeline === undefined ? undefined : { pipeline, etag, bodyBytes: Number(length) as Bytes }
}

/** A 32-bit checksum as it stands in ETags. */
export const hex32 = (checksum: number): string => checksum.toString(16).padStart(8, '0')
