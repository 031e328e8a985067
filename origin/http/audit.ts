import { limits } from '../../live/limits.ts'
import type { Acknowledged } from './audit-schema.ts'
import { bodyOfEtag, etagOf } from './body-etag.ts'
import type { OriginStore } from './origin-store.ts'

// After a fault: is what was acknowledged still there? Each body is read back, and its checksum compared with that of
// the acknowledgement. Whether a number is lost (no pipeline's candidate can be read) is for the asker to say.

export interface Audit {
  readonly audited: number
  readonly readable: number
  readonly lost: readonly (Acknowledged & { readonly why: string })[]
}

/** Reads back all of `acknowledged`, a few at a time. */
export async function audit(store: OriginStore, acknowledged: readonly Acknowledged[]): Promise<Audit> {
  const lost: (Acknowledged & { why: string })[] = []
  const left = [...acknowledged]
  const work = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const why = await whyLost(store, next)
      if (why !== undefined) lost.push({ ...next, why })
    }
  }
  await Promise.all(Array.from({ length: limits.auditReads }, work))
  return { audited: acknowledged.length, readable: acknowledged.length - lost.length, lost }
}

async function whyLost(
  store: OriginStore,
  { pipeline, rendition, number, etag }: Acknowledged,
): Promise<string | undefined> {
  const known = bodyOfEtag(etag)
  if (!known) return `${etag} is no ETag of a candidate`
  try {
    const body = await store.readBack({ pipeline, rendition, number }, known)
    const found = etagOf(pipeline, body)
    return found === etag ? undefined : `the store gave ${found}`
  } catch (error) {
    return (error as Error).message
  }
}
