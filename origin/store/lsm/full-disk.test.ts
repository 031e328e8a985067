import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { LsmStore } from './lsm-store.ts'
import { candidate, counting, faultOf, isKept, type Put, putOf } from './testing/folders.fixture.ts'
import { mountSmallDisk } from './testing/small-disk.fixture.ts'

const mib = 1024 * 1024
const options = { budgetMs: 10_000, keepMs: 1e12 }
const disk = mountSmallDisk(192)
if (!disk)
  console.error('NOT TESTED: the store on a full disk (mounting a tmpfs needs root on Linux); see the skipped tests')
afterAll(() => disk?.unmount())

/** Puts bodies of 1 MiB, as they come, until one is refused; gives those that were acknowledged and the refused one. */
async function putUntilRefused(store: LsmStore): Promise<{ kept: Put[]; refused: Put; fault: string }> {
  const kept: Put[] = []
  for (let number = 1; ; number++) {
    const next = candidate(number, mib)
    const fault = await faultOf(putOf(store, next))
    if (fault !== 'none') return { kept, refused: next, fault }
    kept.push(next)
  }
}

describe.skipIf(!disk)('a disk that is nearly full', () => {
  it('is not filled to its end: publishes are refused, reads go on, and there is room when old ones go', {
    timeout: 120_000,
  }, async () => {
    const folder = join(disk?.folder ?? '', 'reserve')
    const counts = counting()
    const { observer } = counts
    const store = await LsmStore.open({ ...options, folder, observer, reserveBytes: 80 * mib, compactBytes: mib })
    const { kept, refused, fault } = await putUntilRefused(store)
    expect(fault).toBe('full')
    expect(kept.length).toBeGreaterThan(20)
    expect(counts.of('full')).toBe(1)
    for (const each of kept) expect(await isKept(store, each)).toBe(true)
    const [old, young] = [kept.slice(0, kept.length / 2), kept.slice(kept.length / 2)]
    for (const each of old) await store.remove(each.key)
    await store.sweep()
    expect(counts.of('compactions')).toBeGreaterThan(0)
    await putOf(store, refused)
    for (const each of [...young, refused]) expect(await isKept(store, each)).toBe(true)
    expect(counts.of('reopens')).toBe(0)
    await store.close()
  })
})

describe.skipIf(!disk)('a disk that others have filled', () => {
  it('lets reads go on, keeps nothing of what it refused, and loses nothing when there is room again', {
    timeout: 120_000,
  }, async () => {
    const folder = join(disk?.folder ?? '', 'others')
    const counts = counting()
    const store = await LsmStore.open({ ...options, folder, observer: counts.observer, reserveBytes: 0 })
    const before = [1, 2, 3, 4, 5].map(number => candidate(number, mib))
    for (const each of before) await putOf(store, each)
    // Room for the body and none for what keeps it: LevelDB begins to write, and fails in the middle.
    disk?.fill(mib)
    const during = [6, 7, 8, 9].map(number => candidate(number, mib))
    const [torn, ...others] = during as [Put, ...Put[]]
    expect(await faultOf(putOf(store, torn))).toBe('full')
    expect(await Promise.all(others.map(each => faultOf(putOf(store, each))))).toEqual(['full', 'full', 'full'])
    for (const each of before) expect(await isKept(store, each)).toBe(true)
    for (const each of during) expect(await store.describe(each.key)).toBeUndefined()
    disk?.empty()
    await vi.waitFor(() => putOf(store, torn), { timeout: 20_000, interval: 200 })
    expect(counts.of('reopens')).toBe(1)
    // Another body under a key that was refused is no conflict: nothing was kept.
    const another = { ...candidate(7, 500_000) }
    await putOf(store, another)
    const after = [...before, torn, another]
    for (const each of after) expect(await isKept(store, each)).toBe(true)
    await store.sweep()
    await store.close()
    const again = await LsmStore.open({ ...options, folder, reserveBytes: 0 })
    for (const each of after) expect(await isKept(again, each)).toBe(true)
    expect((await again.stats()).candidates).toBe(after.length)
    expect(counts.of('lost')).toBe(0)
    await again.close()
  })
})
