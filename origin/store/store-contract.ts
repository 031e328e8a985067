import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bytes } from '../../live/units.ts'
import { type CandidateKey, formatKey, type SegmentStore, StoreError, type StoreFault } from './segment-store.ts'
import { type DurableStore, describeDurability } from './store-durability-contract.ts'

// What every store must keep. Each store's test calls this; a store may have further tests of its own.

const key: CandidateKey = { event: 'cup', rendition: 'v1', number: 7, pipeline: 'a' }
const bodyOf = (text: string): Uint8Array => new TextEncoder().encode(text)
/** As the origin names bodies: pipeline, checksum, length. */
const metaOf = (body: Uint8Array) => ({
  etag: `"a-${crc32(body).toString(16).padStart(8, '0')}-${body.length}"`,
  bodyBytes: body.length,
  arrivedMs: 1_700_000_000_123,
})

/** How `promise` failed. */
const faultOf = (promise: Promise<unknown>): Promise<StoreFault | undefined> =>
  promise.then(
    () => undefined,
    error => {
      expect(error).toBeInstanceOf(StoreError)
      return (error as StoreError).fault
    },
  )

/**
 * `make` gives an empty store; with `limitBytes` (where the store has a limit of its own) one that is full at that. A
 * store that outlives its process says how it is opened again, and is held to that as well.
 */
export function describeStore(
  name: string,
  make: (limitBytes?: Bytes) => Promise<SegmentStore>,
  durable?: DurableStore,
): void {
  if (durable) describeDurability(name, make, durable)
  describe(`${name} as a segment store`, () => {
    let store: SegmentStore
    const put = (where: CandidateKey, text: string, token = text) =>
      store.put(where, bodyOf(text), { ...metaOf(bodyOf(text)), defects: 'short;ms=40' }, token)
    const read = async (where: CandidateKey, text: string, range?: { from: Bytes; to: Bytes }) =>
      new TextDecoder().decode(await store.get(where, metaOf(bodyOf(text)), range))
    const segment = metaOf(bodyOf('segment'))

    beforeEach(async () => {
      store = await make()
    })
    afterEach(() => store.close())

    it('gives back what was put, with what is kept beside it', async () => {
      await put(key, 'segment')
      expect(await read(key, 'segment')).toBe('segment')
      expect(await store.describe(key)).toEqual({ ...segment, defects: 'short;ms=40' })
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
      for (const [i, each] of keys.entries()) expect(await read(each, `body ${i}`)).toBe(`body ${i}`)
      expect((await store.stats()).candidates).toBe(keys.length)
    })

    it('gives a range of a body, ends included', async () => {
      await put(key, '0123456789')
      expect(await read(key, '0123456789', { from: 2, to: 4 })).toBe('234')
      expect(await read(key, '0123456789', { from: 9, to: 9 })).toBe('9')
      expect(await read(key, '0123456789', { from: 0, to: 9 })).toBe('0123456789')
    })

    it('takes the same write again as done', async () => {
      await put(key, 'segment')
      await put(key, 'segment')
      expect(await read(key, 'segment')).toBe('segment')
      expect((await store.stats()).bytes).toBe(7)
    })

    it('refuses another body under the same key, and keeps the first', async () => {
      await put(key, 'segment')
      expect(await faultOf(put(key, 'another'))).toBe('conflict')
      expect(await read(key, 'segment')).toBe('segment')
    })

    it('lets one of several simultaneous writers win, whole', async () => {
      const texts = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(1_000))
      const faults = await Promise.all(texts.map(text => faultOf(put(key, text))))
      expect(faults.filter(fault => fault === undefined)).toHaveLength(1)
      const winner = texts[faults.indexOf(undefined)] as string
      expect(await read(key, winner)).toBe(winner)
    })

    it('never gives one body for another', async () => {
      await put(key, 'segment')
      expect(await faultOf(store.get(key, metaOf(bodyOf('another'))))).toBe('corrupt')
    })

    it('lists what is kept of a window, and the initialisation segments', async () => {
      const keys = [3, 4, 5, 6].map(number => ({ ...key, number }))
      for (const each of keys) await put(each, `body ${each.number}`)
      await put({ ...key, number: 5, pipeline: 'b' }, 'of b')
      await put({ ...key, number: 'init' }, 'init')
      await put({ ...key, number: 5, rendition: 'v2' }, 'another rendition')
      await put({ ...key, number: 5, event: 'league' }, 'another event')
      const listed = await store.list({ event: 'cup', renditions: ['v1'], from: 4, to: 5 })
      expect(listed.map(({ key }) => formatKey(key)).sort()).toEqual([
        'cup/v1/4/a',
        'cup/v1/5/a',
        'cup/v1/5/b',
        'cup/v1/init/a',
      ])
      for (const { key, meta } of listed) expect(meta).toEqual(await store.describe(key))
      await store.remove({ ...key, number: 5 })
      expect(await store.list({ event: 'cup', renditions: ['v1'], from: 4, to: 5 })).toHaveLength(3)
    })

    it("keeps an event's state, the last one", async () => {
      expect(await store.loadState('cup')).toBeUndefined()
      await store.saveState('cup', '{"version":1}')
      await store.saveState('cup', '{"version":2}')
      expect(await store.loadState('cup')).toBe('{"version":2}')
      expect(await store.loadState('league')).toBeUndefined()
    })

    it('says what is missing', async () => {
      expect(await faultOf(store.get(key, segment))).toBe('missing')
      expect(await store.describe(key)).toBeUndefined()
    })

    it('removes, also what is not there, and forgets its write', async () => {
      await put(key, 'segment')
      await store.remove(key)
      await store.remove(key)
      expect(await faultOf(store.get(key, segment))).toBe('missing')
      expect(await store.stats()).toMatchObject({ candidates: 0, bytes: 0 })
      await put(key, 'another')
      expect(await read(key, 'another')).toBe('another')
    })

    it('keeps an empty body and a large one', async () => {
      await put(key, '')
      const large = 'x'.repeat(3_000_000)
      await put({ ...key, number: 8 }, large)
      expect(await read(key, '')).toBe('')
      expect((await read({ ...key, number: 8 }, large)) === large).toBe(true)
      expect(await read({ ...key, number: 8 }, large, { from: 1_048_570, to: 1_048_585 })).toBe('x'.repeat(16))
    })

    it('keeps nothing past its limit, and goes on when there is room again', async () => {
      await store.close()
      store = await make(10)
      if ((await store.stats()).limitBytes === undefined) return
      await put(key, '123456')
      expect(await faultOf(put({ ...key, number: 8 }, '12345'))).toBe('full')
      expect(await faultOf(store.get({ ...key, number: 8 }, metaOf(bodyOf('12345'))))).toBe('missing')
      await store.remove(key)
      await put({ ...key, number: 8 }, '12345')
      expect(await store.stats()).toMatchObject({ candidates: 1, bytes: 5, limitBytes: 10 })
    })

    it('refuses everything once it is closed', async () => {
      await store.close()
      expect(await faultOf(put(key, 'segment'))).toBe('closed')
      expect(await faultOf(store.get(key, segment))).toBe('closed')
      expect(await faultOf(store.remove(key))).toBe('closed')
    })
  })
}
