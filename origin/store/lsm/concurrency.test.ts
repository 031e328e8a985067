import { describe, expect, it } from 'vitest'
import { limits } from '../../../live/limits.ts'
import { RandomStream } from '../../../live/random.ts'
import { within } from './budget.ts'
import { LsmStore } from './lsm-store.ts'
import { candidate, counting, faultOf, freshFolder, isKept, putOf } from './testing/folders.fixture.ts'

const mib = 1024 * 1024
const options = { budgetMs: 20_000, keepMs: 1e12 }

describe('at once in one process', () => {
  it('the same write by several writers is one write', async () => {
    const counts = counting()
    const store = await LsmStore.open({ ...options, folder: freshFolder(), observer: counts.observer })
    const large = candidate(1, 3 * mib)
    await Promise.all([1, 2, 3, 4].map(() => putOf(store, large)))
    expect(counts.of('repeats')).toBe(3)
    expect(counts.of('bytes_written')).toBe(3 * mib)
    expect(await store.stats()).toMatchObject({ candidates: 1, bytes: 3 * mib })
    await store.close()
  })

  it('puts and removals of one key happen in the order in which they came', async () => {
    const store = await LsmStore.open({ ...options, folder: freshFolder() })
    const [one, other] = [candidate(1, 2 * mib), candidate(1, mib)]
    const outcomes = await Promise.all(
      [putOf(store, one), putOf(store, other), store.remove(one.key), putOf(store, other)].map(faultOf),
    )
    expect(outcomes).toEqual(['none', 'conflict', 'none', 'none'])
    expect(await isKept(store, other)).toBe(true)
    await store.close()
  })

  it('a reader of what is written and removed gets all of it or finds it missing, never a half', async () => {
    const store = await LsmStore.open({ ...options, folder: freshFolder() })
    const random = new RandomStream(3, 'readers')
    const candidates = Array.from({ length: 12 }, (_, number) => candidate(number, mib + number * 100_000))
    let isDone = false
    const seen = { whole: 0, missing: 0 }
    const readers = Array.from({ length: 4 }, async () => {
      while (!isDone) {
        const each = candidates[Math.floor(random.uniform(0, candidates.length))] as (typeof candidates)[0]
        const outcome = await isKept(store, each).then(
          kept => (kept ? 'whole' : 'other bytes'),
          error => error.fault,
        )
        expect(['whole', 'missing']).toContain(outcome)
        seen[outcome as keyof typeof seen]++
        await new Promise(setImmediate)
      }
    })
    await Promise.all(
      candidates.map(async each => {
        for (let i = 0; i < 4; i++) {
          await putOf(store, each)
          await store.remove(each.key)
        }
        await putOf(store, each)
      }),
    )
    for (const each of candidates) expect(await isKept(store, each)).toBe(true)
    isDone = true
    await Promise.all(readers)
    expect(seen.missing).toBeGreaterThan(0)
    await store.close()
  })
})

describe('what grows', () => {
  it('in states makes room for a new event by the one saved longest ago, also after a start, and is refused when it is large', {
    timeout: 60_000,
  }, async () => {
    let nowMs = 0
    const folder = freshFolder()
    const open = () => LsmStore.open({ ...options, folder, clock: () => nowMs++ })
    const store = await open()
    await Promise.all(Array.from({ length: limits.storedStates }, (_, i) => store.saveState(`event-${i}`, `${i}`)))
    await store.saveState('event-0', 'again')
    await store.close()
    const later = await open()
    await later.saveState('new', 'state')
    expect(await later.loadState('event-1')).toBeUndefined()
    expect(await later.loadState('event-0')).toBe('again')
    expect(await later.loadState('new')).toBe('state')
    expect(await faultOf(later.saveState('new', 'x'.repeat(limits.storedStateBytes + 1)))).toBe('full')
    expect(await later.loadState('new')).toBe('state')
    await later.close()
  })
})

describe('a disk that does not answer', () => {
  it('makes an operation unavailable after its budget, and not before', async () => {
    const never = new Promise<void>(() => {})
    await expect(within(20, 'write of x', never)).rejects.toMatchObject({
      fault: 'unavailable',
      message: 'the disk did not end the write of x within 20 ms',
    })
    expect(await within(60_000, 'read of x', Promise.resolve(7))).toBe(7)
  })
})
