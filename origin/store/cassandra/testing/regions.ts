import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'cassandra-driver'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../open-store.ts'
import type { SegmentStore } from '../../segment-store.ts'
import { keyspaceStatement } from '../schema.ts'
import { bodyOf, Counts, faultOf, keyOf, metaOf } from './bodies.ts'
import { openWithinMs, startWithinMs, type TestCluster } from './test-cluster.ts'

// Two data centres as two regions: what is put in one comes to the other, and neither waits for the other.

const replication = { eu: 3, us: 1 }
const options = { budgetMs: 2_000, keepMs: 600_000 }
const bodyBytes = 1_000_000

export function describeRegions(cluster: () => TestCluster): void {
  describe('regions', () => {
    let [eu, us]: SegmentStore[] = []
    let counts: Counts
    const put = (store: SegmentStore | undefined, number: number) => {
      const body = bodyOf(keyOf(number), bodyBytes)
      return store!.put(keyOf(number), body, metaOf(body), `token ${number}`)
    }
    const comesTo = (store: SegmentStore | undefined, number: number) => {
      const known = metaOf(bodyOf(keyOf(number), bodyBytes))
      return expect
        .poll(() => faultOf(store!.get(keyOf(number), known)), { timeout: 30_000, interval: 10 })
        .toBe(undefined)
    }

    beforeAll(async () => {
      counts = new Counts()
      eu = await openStore(cluster().config('eu', 'regions', replication), options)
      us = await openStore(cluster().config('us', 'regions', replication), { ...options, observer: counts })
    }, openWithinMs)
    afterAll(() => Promise.all([eu?.close(), us?.close()]))

    it('replicates both ways', async () => {
      await put(eu, 1)
      await comesTo(us, 1)
      await put(us, 2)
      await comesTo(eu, 2)
      const listed = await eu!.list({ event: 'cup', renditions: ['v1'], from: 0, to: 10 })
      expect(listed.map(({ key }) => key.number).sort()).toEqual([1, 2])
      await us!.saveState('cup', 'text')
      await expect.poll(() => eu!.loadState('cup'), { timeout: 10_000 }).toBe('text')
    })

    it(
      'goes on without the other region, which comes back with what it acknowledged and gets what it missed',
      async () => {
        const { contactPoints } = cluster().config('us', 'alone')
        const clientOfUs = () => new Client({ contactPoints, localDataCenter: 'us' })
        const before = clientOfUs()
        await before.execute(keyspaceStatement('alone', { us: 1 }))
        await before.execute('CREATE TABLE alone.t (id int PRIMARY KEY)')
        // The node's own: killed a moment later, it has nobody who would give them back.
        for (let id = 0; id < 20; id++) await before.execute(`INSERT INTO alone.t (id) VALUES (${id})`)
        await cluster().service.loseDataCentre('us')
        expect(cluster().service.nodes.find(({ name }) => name === 'us1')?.alive).toBe(false)
        await before.shutdown()
        for (let number = 10; number < 20; number++) await put(eu, number)
        expect(await faultOf(us!.get(keyOf(1), metaOf(bodyOf(keyOf(1), bodyBytes))))).toBe('unavailable')
        await cluster().service.restoreDataCentre('us')
        const after = clientOfUs()
        expect((await after.execute('SELECT id FROM alone.t')).rowLength).toBe(20)
        await after.shutdown()
        for (let number = 10; number < 20; number++) await comesTo(us, number)
      },
      startWithinMs,
    )

    it('reads a chunk from the other region when the only one here has a flipped bit on its disk', async () => {
      // The node was killed and started since: what it had then lies in its tables' files.
      flipBit(join(cluster().folder, 'us1', 'data', 'regions'), Buffer.from('1a.'.repeat(100)))
      const before = counts.of('read_elsewhere')
      const body = bodyOf(keyOf(1), bodyBytes)
      expect(Buffer.compare(await us!.get(keyOf(1), metaOf(body)), body)).toBe(0)
      expect(counts.of('corrupt')).toBe(1)
      expect(counts.of('read_elsewhere')).toBe(before + 1)
    })
  })
}

/** Flips one bit in the middle of the first `pattern` in the files of chunks under `folder`. */
function flipBit(folder: string, pattern: Buffer): void {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /segment_chunk.*-Data\.db$/.test(file))
    .map(file => join(folder, file))
  for (const file of files) {
    const bytes = readFileSync(file)
    const at = bytes.indexOf(pattern)
    if (at < 0) continue
    bytes[at + pattern.length / 2]! ^= 1
    writeFileSync(file, bytes)
    return
  }
  throw new Error(`none of ${files.length} files in ${folder} has the body`)
}
