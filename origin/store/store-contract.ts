import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bytes } from '../../live/units.ts'
import { type CandidateKey, type SegmentStore, StoreError, type StoreFault } from './segment-store.ts'

// What every store must keep. Each store's test calls this; a store may have further tests of its own.

const key: CandidateKey = { event: 'cup', rendition: 'v1', number: 7, pipeline: 'a' }
const bodyOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const metaOf = (body: Uint8Array) => ({ etag: `"a-${body.length}"`, bodyBytes: body.length })

/** How `promise` failed. */
const faultOf = (promise: Promise<unknown>): Promise<StoreFault | undefined> =>
  promise.then(
    () => undefined,
    error => {
      expect(error).toBeInstanceOf(StoreError)
      return (error as StoreError).fault
    },
  )

/** `make` gives an empty store; with `limitBytes` (where the store has a limit of its own) one that is full at that. */
export function describeStore(name: string, make: (limitBytes?: Bytes) => Promise<SegmentStore>): void {
  describe(`${name} as a segment store`, () => {
    let store: SegmentStore
    const put = (where: CandidateKey, text: string, token = text) =>
      store.put(where, bodyOf(text), { ...metaOf(bodyOf(text)), defects: 'short;ms=40' }, token)
    const read = async (where: CandidateKey, range?: { from: Bytes; to: Bytes }) =>
      new TextDecoder().decode(await store.get(where, range))

    beforeEach(async () => {
      store = await make()
    })
    afterEach(() => store.close())

    it('gives back what was put, with what is kept beside it', async () => {
      await put(key, 'segment')
      expect(await read(key)).toBe('segment')
      expect(await store.describe(key)).toEqual({ etag: '"a-7"', bodyBytes: 7, defects: 'short;ms=40' })
    })

    it('keeps events, renditions, numbers and pipelines apart', async () => {
      const keys: CandidateKey[] = [
        key,
        { ...key, event: 'cup-v1' },
        { ...key, rendition: 'v1-7' },
        { ...key, number: 77 },
        { ...key, number: 'init' },
        { ...key, pipeline: 'b' },
      ]
      for (const [i, each] of keys.entries()) await put(each, `body ${i}`)
      for (const [i, each] of keys.entries()) expect(await read(each)).toBe(`body ${i}`)
      expect((await store.stats()).candidates).toBe(keys.length)
    })

    it('gives a range of a body, ends included', async () => {
      await put(key, '0123456789')
      expect(await read(key, { from: 2, to: 4 })).toBe('234')
      expect(await read(key, { from: 9, to: 9 })).toBe('9')
      expect(await read(key, { from: 0, to: 9 })).toBe('0123456789')
    })

    it('takes the same write again as done', async () => {
      await put(key, 'segment')
      await put(key, 'segment')
      expect(await read(key)).toBe('segment')
      expect((await store.stats()).bytes).toBe(7)
    })

    it('refuses another body under the same key, and keeps the first', async () => {
      await put(key, 'segment')
      expect(await faultOf(put(key, 'another'))).toBe('conflict')
      expect(await read(key)).toBe('segment')
    })

    it('lets one of several simultaneous writers win, whole', async () => {
      const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(1_000))
      const faults = await Promise.all(texts.map(text => faultOf(put(key, text))))
      expect(faults.filter(fault => fault === undefined)).toHaveLength(1)
      expect(texts[faults.indexOf(undefined)]).toBe(await read(key))
    })

    it('says what is missing', async () => {
      expect(await faultOf(store.get(key))).toBe('missing')
      expect(await store.describe(key)).toBeUndefined()
    })

    it('removes, also what is not there, and forgets its write', async () => {
      await put(key, 'segment')
      await store.remove(key)
      await store.remove(key)
      expect(await faultOf(store.get(key))).toBe('missing')
      expect(await store.stats()).toMatchObject({ candidates: 0, bytes: 0 })
      await put(key, 'another')
      expect(await read(key)).toBe('another')
    })

    it('keeps an empty body and a large one', async () => {
      await put(key, '')
      await put({ ...key, number: 8 }, 'x'.repeat(3_000_000))
      expect(await read(key)).toBe('')
      expect((await store.get({ ...key, number: 8 })).length).toBe(3_000_000)
    })

    it('keeps nothing past its limit, and goes on when there is room again', async () => {
      await store.close()
      store = await make(10)
      if ((await store.stats()).limitBytes === undefined) return
      await put(key, '123456')
      expect(await faultOf(put({ ...key, number: 8 }, '12345'))).toBe('full')
      expect(await faultOf(store.get({ ...key, number: 8 }))).toBe('missing')
      await store.remove(key)
      await put({ ...key, number: 8 }, '12345')
      expect(await store.stats()).toMatchObject({ candidates: 1, bytes: 5, limitBytes: 10 })
    })

    it('refuses everything once it is closed', async () => {
      await store.close()
      expect(await faultOf(put(key, 'segment'))).toBe('closed')
      expect(await faultOf(store.get(key))).toBe('closed')
      expect(await faultOf(store.remove(key))).toBe('closed')
    })
  })
}
