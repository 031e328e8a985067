import { crc32 } from 'node:zlib'
import { expect } from 'vitest'
import type { CandidateKey, StoreFault, StoreObserver } from '../../segment-store.ts'
import { StoreError } from '../../segment-store.ts'

// Bodies, names and counts for the tests of this store.

export const keyOf = (number: number, pipeline = 'a'): CandidateKey => ({
  event: 'cup',
  rendition: 'v1',
  number,
  pipeline,
})

/** A body of `bytes` that is another one for every key. */
export function bodyOf({ number, pipeline }: CandidateKey, bytes: number): Uint8Array {
  const body = Buffer.alloc(bytes, `${number}${pipeline}.`)
  return body
}

export const metaOf = (body: Uint8Array) => ({
  etag: `"a-${crc32(body).toString(16).padStart(8, '0')}-${body.length}"`,
  bodyBytes: body.length,
  arrivedMs: 1_700_000_000_123.5,
})

/** How `promise` failed; undefined when it did not. */
export const failureOf = (promise: Promise<unknown>): Promise<StoreError | undefined> =>
  promise.then(
    () => undefined,
    error => {
      expect(error).toBeInstanceOf(StoreError)
      return error
    },
  )

export const faultOf = async (promise: Promise<unknown>): Promise<StoreFault | undefined> =>
  (await failureOf(promise))?.fault

/** Counts what a store does. */
export class Counts implements StoreObserver {
  readonly #counts = new Map<string, number>()
  count(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }
  time(): void {}
  of(name: string): number {
    return this.#counts.get(`store.cassandra.${name}`) ?? 0
  }
}
