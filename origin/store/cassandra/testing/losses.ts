import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStore } from '../../open-store.ts'
import type { SegmentStore } from '../../segment-store.ts'
import { bodyOf, Counts, failureOf, faultOf, keyOf, metaOf } from './bodies.ts'
import { openWithinMs, startWithinMs, type TestCluster } from './test-cluster.ts'

// Nodes die and hang in mid-run.

const budgetMs = 2_000
const bodyBytes = 700_000

export function describeLosses(cluster: () => TestCluster): void {
  describe('losses', () => {
    let store: SegmentStore
    let counts: Counts
    const acknowledged: number[] = []
    const put = async (number: number) => {
      const body = bodyOf(keyOf(number), bodyBytes)
      await store.put(keyOf(number), body, metaOf(body), `token ${number}`)
      acknowledged.push(number)
    }
    const check = async (number: number) => {
      const body = bodyOf(keyOf(number), bodyBytes)
      const read = await store.get(keyOf(number), metaOf(body))
      expect(Buffer.compare(read, body)).toBe(0)
    }

    beforeAll(async () => {
      counts = new Counts()
      const config = cluster().config('eu', 'losses', { eu: 3, us: 1 })
      store = await openStore(config, { observer: counts, budgetMs, keepMs: 600_000 })
    }, openWithinMs)
    afterAll(() => store.close())

    it(
      'loses nothing, and fails nothing, when one of three nodes dies in mid-load and comes back',
      async () => {
        let killed: Promise<void> | undefined
        for (let number = 1; number <= 40; number++) {
          if (number === 15) killed = cluster().service.kill('eu2')
          const readBack = acknowledged[(number * 7) % Math.max(1, acknowledged.length)]
          await Promise.all([put(number), ...(readBack ? [check(readBack)] : [])])
        }
        await killed
        for (const number of acknowledged) await check(number)
        expect(cluster().service.nodes.filter(({ alive }) => !alive)).toHaveLength(1)
        // An origin can start meanwhile, also on an empty keyspace.
        const other = cluster().config('eu', 'made_meanwhile', { eu: 3 })
        await (await openStore(other, { budgetMs, keepMs: 600_000 })).close()
        await cluster().service.restart('eu2')
        for (const number of acknowledged) await check(number)
        expect(acknowledged).toHaveLength(40)
      },
      startWithinMs,
    )

    it('goes round a node that hangs', async () => {
      cluster().service.hang('eu3')
      try {
        for (let number = 101; number <= 110; number++) {
          await put(number)
          await check(number)
        }
        expect(counts.of('hedges')).toBeGreaterThan(0)
      } finally {
        cluster().service.resume('eu3')
      }
    })

    it('says so within its budget when too few are left, and goes on by itself when they are back', async () => {
      const body = bodyOf(keyOf(200), bodyBytes)
      cluster().service.hang('eu2')
      cluster().service.hang('eu3')
      try {
        const startedMs = performance.now()
        const failure = await failureOf(store.put(keyOf(200), body, metaOf(body), 'token 200'))
        const tookMs = performance.now() - startedMs
        expect(failure).toMatchObject({ fault: 'unavailable' })
        expect(failure?.message).toMatch(/cup\/v1\/200\/a.*within \d+ ms/)
        expect(tookMs).toBeLessThan(budgetMs + 500)
        expect(await faultOf(store.get(keyOf(101), metaOf(bodyOf(keyOf(101), bodyBytes))))).toBe('unavailable')
      } finally {
        cluster().service.resume('eu2')
        cluster().service.resume('eu3')
      }
      // The same write again, as a packager does: done once, whether or not the first one was.
      await expect
        .poll(() => faultOf(store.put(keyOf(200), body, metaOf(body), 'token 200')), { timeout: 20_000 })
        .toBe(undefined)
      await check(200)
    })

    it('bounds what waits', async () => {
      cluster().service.hang('eu2')
      cluster().service.hang('eu3')
      const faults = await Promise.all(
        Array.from({ length: 4_000 }, () => faultOf(store.get(keyOf(101), metaOf(bodyOf(keyOf(101), 100))))),
      ).finally(() => {
        cluster().service.resume('eu2')
        cluster().service.resume('eu3')
      })
      expect(new Set(faults)).toEqual(new Set(['unavailable']))
      expect(counts.of('refused')).toBeGreaterThan(800)
      await expect.poll(() => faultOf(check(101)), { timeout: 20_000 }).toBe(undefined)
    })
  })
}
