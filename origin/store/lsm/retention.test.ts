import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { describe, expect, it } from 'vitest'
import { LsmStore } from './lsm-store.ts'
import { chunksKey, keys, seal } from './rows.ts'
import { candidate, counting, faultOf, freshFolder, isKept, putOf } from './testing/folders.fixture.ts'

const mib = 1024 * 1024
const segmentMs = 2_000
const budgetMs = 2_000
const never = 1e12

const folderBytes = (folder: string): number =>
  readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)

/** Every key of a folder that no store has open. */
async function keysIn(folder: string): Promise<string[]> {
  const level = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' })
  try {
    return await level.keys().all()
  } finally {
    await level.close()
  }
}

describe('what has left the window', () => {
  it('goes, with its disk, while what is younger and the initialisation segment stay', {
    timeout: 60_000,
  }, async () => {
    const folder = freshFolder()
    let nowMs = 0
    const clock = () => nowMs
    const counts = counting()
    const open = () =>
      LsmStore.open({
        folder,
        budgetMs,
        keepMs: 20 * segmentMs,
        clock,
        compactBytes: 8 * mib,
        observer: counts.observer,
      })
    const store = await open()
    const init = candidate('init', 1_000, 0)
    await putOf(store, init)
    const segments = Array.from({ length: 60 }, (_, i) => candidate(i, mib, (i + 1) * segmentMs))
    for (const segment of segments) {
      nowMs = segment.meta.arrivedMs as number
      await putOf(store, segment)
    }
    await store.sweep()
    const [gone, kept] = [segments.slice(0, 39), segments.slice(39)]
    for (const { key, meta } of gone) expect(await faultOf(store.get(key, meta))).toBe('missing')
    for (const segment of [init, ...kept]) expect(await isKept(store, segment)).toBe(true)
    expect(await store.stats()).toMatchObject({ candidates: 22, bytes: 21 * mib + 1_000 })
    expect(counts.of('expired')).toBe(39)
    expect(counts.of('compactions')).toBeGreaterThan(0)
    // What is kept stands in tables, and a part of it still in LevelDB's log as well.
    expect(folderBytes(folder)).toBeLessThan(40 * mib)
    await store.close()

    nowMs += 15 * segmentMs
    const later = await open()
    await later.sweep()
    expect((await later.stats()).candidates).toBe(7)
    await later.close()
    expect((await keysIn(folder)).filter(key => key.startsWith('m/'))).toHaveLength(7)
  })

  it('leaves reads and publishes within their budget while a whole window is removed', {
    timeout: 60_000,
  }, async () => {
    const folder = freshFolder()
    let nowMs = 0
    const store = await LsmStore.open({
      folder,
      budgetMs,
      keepMs: 1_000_000,
      clock: () => nowMs,
      compactBytes: 16 * mib,
    })
    const old = Array.from({ length: 100 }, (_, i) => candidate(i, mib, 0))
    const live = Array.from({ length: 20 }, (_, i) => candidate(1_000 + i, mib, 2_000_000))
    for (const each of [...old, ...live.slice(0, 10)]) await putOf(store, each)
    nowMs = 2_000_000
    let isSwept = false
    const sweeping = store.sweep().then(() => {
      isSwept = true
    })
    const publishing = Promise.all(live.slice(10).map(each => putOf(store, each)))
    let reads = 0
    // Both reject with `unavailable` past the budget, so that a stall fails the test.
    while (!isSwept || reads < 20) expect(await isKept(store, live[reads++ % 10] as (typeof live)[0])).toBe(true)
    await Promise.all([sweeping, publishing])
    expect(await store.stats()).toMatchObject({ candidates: 20, bytes: 20 * mib })
    for (const each of live) expect(await isKept(store, each)).toBe(true)
    await store.close()
  })
})

describe('what an attempt left that was never committed', () => {
  it('is swept away after the next start, and only that', async () => {
    const folder = freshFolder()
    const options = { folder, budgetMs, keepMs: never }
    const kept = candidate(1, 2 * mib)
    const store = await LsmStore.open(options)
    await putOf(store, kept)
    await store.close()
    const attempt = 77
    const level = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' })
    await level.put(keys.intent(attempt), seal(keys.intent(attempt), {}))
    for (const index of [0, 1, 2]) await level.put(keys.chunk(attempt, index), new Uint8Array(1_000))
    await level.close()

    const counts = counting()
    const again = await LsmStore.open({ ...options, observer: counts.observer })
    await again.sweep()
    expect(counts.of('orphans')).toBe(1)
    expect(await isKept(again, kept)).toBe(true)
    await again.close()
    const left = await keysIn(folder)
    expect(left.filter(key => key.startsWith(chunksKey(attempt)))).toEqual([])
    expect(
      left
        .map(key => key.slice(0, 2))
        .sort()
        .join(' '),
    ).toBe('c/ c/ c/ c/ c/ c/ c/ c/ m/ sc')
  })
})
