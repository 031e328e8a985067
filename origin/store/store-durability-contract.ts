import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RandomStream } from '../../live/random.ts'
import { formatKey, type SegmentStore, StoreError } from './segment-store.ts'
import type { StoreConfig } from './store-config.ts'
import { writeUntilKilled } from './testing/killed-writer.ts'
import { type ToldCandidate, toldCandidate, toldEvent, toldRendition } from './testing/told-candidates.ts'

// What every store must keep that outlives its process. Part of store-contract.ts.

export interface DurableStore {
  /** Opens again what the last `make` made; the store that `make` gave is closed by then. */
  readonly reopen: () => Promise<SegmentStore>
  /** How another process opens it. */
  readonly config: () => StoreConfig
  /** How many writers are killed, where the store itself is a process that lives on: fewer, each takes a second. */
  readonly killRounds?: number
}

const seed = 20_261_125
/** The environment asks for more (docs/storage.md). */
const askedKillRounds = process.env.TIDEGATE_KILL_ROUNDS
const usualKillRounds = 12
/** Instants of a kill are spread over this: a put of the largest body is well within it on any store here. */
const killWithinMs = 40
const inFlight = 3

const putAll = (store: SegmentStore, candidates: readonly ToldCandidate[]) =>
  Promise.all(candidates.map(({ key, body, meta }) => store.put(key, body, meta, meta.etag)))

/** That `candidate` is kept, whole. */
async function expectKept(store: SegmentStore, { key, body, meta }: ToldCandidate): Promise<void> {
  expect(await store.describe(key)).toEqual(meta)
  expect(Buffer.compare(await store.get(key, meta), body)).toBe(0)
}

export function describeDurability(name: string, make: () => Promise<SegmentStore>, durable: DurableStore): void {
  describe(`${name} as a store that outlives its process`, () => {
    let store: SegmentStore
    const killRounds = Number(askedKillRounds ?? durable.killRounds ?? usualKillRounds)
    const reopened = async () => {
      await store.close()
      store = await durable.reopen()
      return store
    }
    const listed = () =>
      store.list({ event: toldEvent, renditions: [toldRendition], from: 0, to: Number.MAX_SAFE_INTEGER })

    beforeEach(async () => {
      store = await make()
    })
    afterEach(() => store.close())

    it('has everything again when it is opened again: bodies, lists, states, sizes', async () => {
      const candidates = [1, 2, 3, 4].map(number => toldCandidate(seed, number))
      const init = { ...toldCandidate(seed, 5), key: { ...toldCandidate(seed, 5).key, number: 'init' as const } }
      await putAll(store, [...candidates, init])
      await store.saveState(toldEvent, '{"version":3}')
      const { candidates: count, bytes } = await store.stats()
      await reopened()
      for (const candidate of [...candidates, init]) await expectKept(store, candidate)
      const names = [...candidates, init].map(({ key }) => formatKey(key)).sort()
      expect((await listed()).map(({ key }) => formatKey(key)).sort()).toEqual(names)
      expect(await store.loadState(toldEvent)).toBe('{"version":3}')
      expect(await store.stats()).toMatchObject({ candidates: count, bytes })
    })

    it('knows a write again by its token, and refuses another body, after it was opened again', async () => {
      const candidate = toldCandidate(seed, 1)
      await putAll(store, [candidate])
      await reopened()
      await putAll(store, [candidate])
      const other = toldCandidate(seed, 2)
      const conflict = store.put(candidate.key, other.body, other.meta, other.meta.etag)
      await expect(conflict).rejects.toMatchObject({ fault: 'conflict' })
      await expectKept(store, candidate)
    })

    it('forgets for good what was removed', async () => {
      const [gone, kept] = [toldCandidate(seed, 1), toldCandidate(seed, 2)]
      await putAll(store, [gone, kept])
      await store.remove(gone.key)
      await reopened()
      expect(await store.describe(gone.key)).toBeUndefined()
      await expect(store.get(gone.key, gone.meta)).rejects.toMatchObject({ fault: 'missing' })
      await expectKept(store, kept)
    })

    it('loses nothing that it acknowledged, and shows no half of a write, when its writer is killed at any point', {
      timeout: 60_000 + killRounds * 5_000,
    }, async () => {
      const random = new RandomStream(seed, name)
      const acknowledged: ToldCandidate[] = []
      let first = 1
      for (let round = 0; round < killRounds; round++) {
        await store.close()
        const written = await writeUntilKilled({
          config: durable.config(),
          seed,
          first,
          inFlight,
          afterAcknowledged: Math.floor(random.uniform(0, 4)),
          killAfterMs: random.uniform(0, killWithinMs),
        })
        store = await durable.reopen()
        acknowledged.push(...written.acknowledged.map(number => toldCandidate(seed, number)))
        for (let number = first; number < written.end; number++) await expectWholeOrNothing(store, number)
        first = written.end
      }
      expect(acknowledged.length).toBeGreaterThan(0)
      for (const candidate of acknowledged) await expectKept(store, candidate)
      const keys = new Set((await listed()).map(({ key }) => formatKey(key)))
      for (const { key } of acknowledged) expect(keys).toContain(formatKey(key))
    })
  })
}

/** That candidate `number`, whose write may have been cut off, is there whole or not at all, and can be written now. */
async function expectWholeOrNothing(store: SegmentStore, number: number): Promise<void> {
  const candidate = toldCandidate(seed, number)
  const { key, meta } = candidate
  const known = await store.describe(key)
  if (known) await expectKept(store, candidate)
  else {
    const fault = await store.get(key, meta).then(
      () => 'none',
      error => (error instanceof StoreError ? error.fault : error),
    )
    expect(fault).toBe('missing')
    // The packager's retry: what was left of the first attempt is in nobody's way.
    await putAll(store, [candidate])
    await expectKept(store, candidate)
  }
}
