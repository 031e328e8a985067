import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chunkedBody, encodeChunk } from '../../chunks.ts'
import { openStore } from '../../open-store.ts'
import type { SegmentStore } from '../../segment-store.ts'
import { chunkKey } from '../rows.ts'
import { bodyOf, Counts, faultOf, keyOf, metaOf } from './bodies.ts'
import { openWithinMs, type TestCluster } from './test-cluster.ts'

// What is kept where and how long, and that nothing broken or half is ever given out.

const keyspace = 'wholeness'
const keepMs = 90_500
const large = 600_000

export function describeWholeness(cluster: () => TestCluster): void {
  describe('wholeness', () => {
    let store: SegmentStore
    let counts: Counts
    const chunk = 'event = ? AND rendition = ? AND number = ? AND pipeline = ? AND etag = ? AND chunk = ?'
    // Each of these may come twice: the driver asks another node where a connection is lost (issue 6, on a busy machine).
    const admin = (statement: string, values: readonly unknown[] = []) =>
      cluster().admin.execute(statement, [...values], { prepare: true, isIdempotent: true })
    const put = async (number: number) => {
      const body = bodyOf(keyOf(number), large)
      await store.put(keyOf(number), body, metaOf(body), `token ${number}`)
      return metaOf(body)
    }

    beforeAll(async () => {
      counts = new Counts()
      const config = cluster().config('eu', keyspace, { eu: 3 })
      store = await openStore(config, { observer: counts, budgetMs: 5_000, keepMs })
    }, openWithinMs)
    afterAll(() => store.close())

    it('keeps segments for their window and initialisation segments for ever', async () => {
      await put(1)
      const init = bodyOf(keyOf(1), 100)
      await store.put({ ...keyOf(1), number: 'init' }, init, metaOf(init), 'token')
      const ttl = async (table: string, column: string): Promise<number | null> =>
        (await admin(`SELECT TTL(${column}) AS ttl FROM ${keyspace}.${table}`)).rows[0]?.ttl
      expect(await ttl('segment', 'etag')).toBeGreaterThan(60)
      expect(await ttl('segment', 'etag')).toBeLessThanOrEqual(91)
      expect(await ttl('segment_chunk', 'frame')).toBeGreaterThan(120)
      expect(await ttl('initialisation', 'etag')).toBeNull()
      expect(await ttl('initialisation_chunk', 'frame')).toBeNull()
    })

    it('spreads the newest segments over partitions, and bounds each', async () => {
      await Promise.all(Array.from({ length: 32 }, (_, i) => put(2_000 + i)))
      const { rows } = await admin(
        `SELECT block, stripe, COUNT(*) AS candidates FROM ${keyspace}.segment GROUP BY event, rendition, block, stripe`,
      )
      const edge = rows.filter(({ block }) => block === 1)
      expect(edge).toHaveLength(16)
      expect(edge.map(({ candidates }) => Number(candidates))).toEqual(Array.from({ length: 16 }, () => 2))
    })

    it('sends chunks to their replicas itself: the routing key is the partition key', async () => {
      const known = await put(40)
      const before = counts.of('read_elsewhere')
      await admin(`DELETE FROM ${keyspace}.segment_chunk WHERE ${chunk}`, chunkKey(keyOf(40), known.etag, 1))
      // Committed, and one chunk is nowhere: not replicated yet, as far as anybody can know.
      expect(await faultOf(store.get(keyOf(40), known))).toBe('unavailable')
      expect(counts.of('absent_chunks')).toBe(1)
      expect(counts.of('read_elsewhere')).toBe(before)
      expect(await store.get(keyOf(40), known, { from: 0, to: 99 })).toHaveLength(100)
    })

    it('never gives out a chunk with a flipped bit, or one of another place', async () => {
      const known = await put(50)
      const body = chunkedBody(keyOf(50), known)
      const first = encodeChunk(body, bodyOf(keyOf(50), large), 0)
      const flipped = Uint8Array.from(first)
      flipped[1_000]! ^= 1
      const replace = (index: number, frame: Uint8Array) =>
        admin(`UPDATE ${keyspace}.segment_chunk SET frame = ? WHERE ${chunk}`, [
          Buffer.from(frame),
          ...chunkKey(keyOf(50), known.etag, index),
        ])
      await replace(0, flipped)
      expect(await faultOf(store.get(keyOf(50), known))).toBe('corrupt')
      await replace(0, first)
      expect(await faultOf(store.get(keyOf(50), known))).toBeUndefined()
      await replace(1, first)
      expect(await faultOf(store.get(keyOf(50), known))).toBe('corrupt')
      expect(counts.of('corrupt')).toBe(2)
    })

    it('gives nothing of a body whose packager died before the row was written', async () => {
      const body = bodyOf(keyOf(60), large)
      const frame = encodeChunk(chunkedBody(keyOf(60), metaOf(body)), body, 0)
      const columns = 'event, rendition, number, pipeline, etag, chunk, frame'
      await admin(`INSERT INTO ${keyspace}.segment_chunk (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`, [
        ...chunkKey(keyOf(60), metaOf(body).etag, 0),
        Buffer.from(frame),
      ])
      expect(await faultOf(store.get(keyOf(60), metaOf(body), { from: 0, to: 9 }))).toBe('missing')
      await put(60)
      expect(await store.get(keyOf(60), metaOf(body))).toEqual(body)
    })

    it('removes the chunks of the body that lost', async () => {
      const known = await put(70)
      const other = bodyOf(keyOf(71), large)
      expect(await faultOf(store.put(keyOf(70), other, metaOf(other), 'other'))).toBe('conflict')
      const { rows } = await admin(`SELECT number, etag FROM ${keyspace}.segment_chunk`)
      const etags = new Set(rows.filter(({ number }) => number === 70).map(({ etag }) => etag))
      expect([...etags]).toEqual([known.etag])
    })
  })
}
