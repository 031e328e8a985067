import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { EpochMs, Ms } from '../../live/units.ts'
import { LsmStore } from '../../origin/store/lsm/lsm-store.ts'
import type { CandidateKey, KnownBody, SegmentStore } from '../../origin/store/segment-store.ts'

// Whether reads and publishes of the embedded store feel that a window is being removed: their times while nothing is
// removed, and while a whole window of 200 MiB is, all at once, with its compaction. In one folder, turn after turn.

export interface RetentionTimes {
  readonly read_p99_ms_quiet: number
  readonly read_p99_ms_deleting: number
  readonly read_p99_deleting_over_quiet: number
  readonly write_p90_ms_quiet: number
  readonly write_p90_ms_deleting: number
}

interface Times {
  readonly reads: Ms[]
  readonly writes: Ms[]
}

interface Kept {
  readonly key: CandidateKey
  readonly known: KnownBody
}

const mib = 1024 * 1024
const rounds = 5
const windowSegments = 200
const liveSegments = 32
const readers = 4
const quietMs = 2_000
const publishEveryMs = 100
const dayMs = 86_400_000

/** Measures in `folder`, which must be empty. */
export async function measureRetention(folder: string): Promise<RetentionTimes> {
  let nowMs = 0
  const store = await LsmStore.open({ folder, budgetMs: 60_000, keepMs: dayMs, clock: () => nowMs })
  const put = putter(store)
  const [quiet, deleting]: [Times, Times] = [
    { reads: [], writes: [] },
    { reads: [], writes: [] },
  ]
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < windowSegments; i++) await put(nowMs)
    const nextMs = nowMs + 2 * dayMs
    const live: Kept[] = []
    for (let i = 0; i < liveSegments; i++) live.push(await put(nextMs))
    const work = { store, live, publish: () => put(nextMs) }
    const quietEndMs = performance.now() + quietMs
    await loadWhile(() => performance.now() < quietEndMs, work, quiet)
    // Only now the window is due.
    nowMs = nextMs
    let isRemoved = false
    const removing = store.sweep().finally(() => {
      isRemoved = true
    })
    await loadWhile(() => !isRemoved, work, deleting)
    await removing
  }
  await store.close()
  const [readQuiet, readDeleting] = [share(quiet.reads, 0.99), share(deleting.reads, 0.99)]
  return {
    read_p99_ms_quiet: readQuiet,
    read_p99_ms_deleting: readDeleting,
    read_p99_deleting_over_quiet: readDeleting / readQuiet,
    write_p90_ms_quiet: share(quiet.writes, 0.9),
    write_p90_ms_deleting: share(deleting.writes, 0.9),
  }
}

/** Puts segments of 1 MiB, one number after the other. */
function putter(store: SegmentStore): (arrivedMs: EpochMs) => Promise<Kept> {
  let number = 0
  return async arrivedMs => {
    const key: CandidateKey = { event: 'bench', rendition: 'v1', number: number++, pipeline: 'a' }
    const body = Buffer.alloc(mib, `${key.number} `)
    const known = { etag: `"a-${crc32(body).toString(16)}-${mib}"`, bodyBytes: mib }
    await store.put(key, body, { ...known, arrivedMs }, known.etag)
    return { key, known }
  }
}

/** Readers that read without a pause and one publisher, for as long as `goesOn`. */
async function loadWhile(
  goesOn: () => boolean,
  { store, live, publish }: { store: SegmentStore; live: readonly Kept[]; publish: () => Promise<unknown> },
  { reads, writes }: Times,
): Promise<void> {
  const timed = async (into: Ms[], work: Promise<unknown>) => {
    const startedMs = performance.now()
    await work
    into.push(performance.now() - startedMs)
  }
  const read = async (first: number) => {
    for (let i = first; goesOn(); i++) {
      const { key, known } = live[i % live.length] as Kept
      await timed(reads, store.get(key, known))
    }
  }
  const write = async () => {
    while (goesOn()) {
      await timed(writes, publish())
      await sleep(publishEveryMs)
    }
  }
  await Promise.all([...Array.from({ length: readers }, (_, reader) => read(reader)), write()])
}

const share = (values: readonly Ms[], part: number): number =>
  values.toSorted((a, b) => (a as number) - (b as number))[Math.floor(values.length * part)] as number
