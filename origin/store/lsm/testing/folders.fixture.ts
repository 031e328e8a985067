import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach } from 'vitest'
import type { Bytes, EpochMs } from '../../../../live/units.ts'
import type { CandidateKey, CandidateMeta, SegmentStore, StoreObserver } from '../../segment-store.ts'

// Folders, bodies and counts for the tests of the embedded store.

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** An empty folder, removed after the test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-lsm-'))
  made.push(folder)
  return folder
}

export interface Put {
  readonly key: CandidateKey
  readonly body: Uint8Array
  readonly meta: CandidateMeta
}

/** Candidate `number` with a body of `bytes` whose every part says whose it is. */
export function candidate(number: number | 'init', bytes: Bytes, arrivedMs: EpochMs = 1_700_000_000_000): Put {
  const body = Buffer.alloc(bytes as number, `body of ${number}, `)
  const etag = `"a-${crc32(body).toString(16).padStart(8, '0')}-${bytes}"`
  return {
    key: { event: 'cup', rendition: 'v1', number, pipeline: 'a' },
    body,
    meta: { etag, bodyBytes: bytes, arrivedMs },
  }
}

export const putOf = (store: SegmentStore, { key, body, meta }: Put) => store.put(key, body, meta, meta.etag)
export const isKept = async (store: SegmentStore, { key, body, meta }: Put) =>
  Buffer.compare(await store.get(key, meta), body) === 0

/** The fault with which `promise` failed, or 'none'. */
export const faultOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    error => error.fault ?? String(error),
  )

/** An observer whose counts can be read. */
export function counting(): { readonly observer: StoreObserver; of(name: string): number } {
  const counts = new Map<string, number>()
  return {
    observer: {
      count: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
      time: () => undefined,
    },
    of: name => counts.get(`store.lsm.${name}`) ?? 0,
  }
}
