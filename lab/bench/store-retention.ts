import { crc32 } from 'node:zlib'
import type { Ms } from '../../live/units.ts'
import { LsmStore } from '../../origin/store/lsm/lsm-store.ts'

// Whether reads and publishes of the embedded store feel that a window is being removed: their times while nothing is
// removed, and while half of what is kept is, with its compaction. In one folder, turn after turn.

export interface RetentionTimes {
  readonly read_p99_ms_quiet: number
  readonly read_p99_ms_deleting: number
  readonly read_p99_deleting_over_quiet: number
  readonly write_p90_ms_quiet: number
  readonly write_p90_ms_deleting: number
}

const mib = 1024 * 1024
const rounds = 5
const windowSegments = 200
const publishEveryMs = 100
const day = 86_400_000

/** Measures in `folder`, which must be empty. */
export async function measureRetention(folder: string): Promise<RetentionTimes> {
  let nowMs = 0
  const options = { folder, budgetMs: 60_000, keepMs: day, compactBytes: 64 * mib, clock: () => nowMs }
  const store = await LsmStore.open(options)
  let number = 0
  const put = async (arrivedMs: number) => {
    const key = { event: 'bench', rendition: 'v1', number: number++, pipeline: 'a' }
    const body = Buffer.alloc(mib, `${key.number} `)
    const known = { etag: `"a-${crc32(body).toString(16)}-${mib}"`, bodyBytes: mib }
    await store.put(key, body, { ...known, arrivedMs }, known.etag)
    return { key, known }
  }
  const times = {
    quiet: { reads: [] as Ms[], writes: [] as Ms[] },
    deleting: { reads: [] as Ms[], writes: [] as Ms[] },
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < windowSegments; i++) await put(nowMs)
    nowMs += 2 * day
    const live: Awaited<ReturnType<typeof put>>[] = []
    for (let i = 0; i < 32; i++) live.push(await put(nowMs))
    // The clock stands back for the quiet turn, so that nothing is due; then it is set right.
    const dueMs = nowMs
    nowMs -= 2 * day
    const quietEndMs = performance.now() + 2_000
    await load(() => performance.now() < quietEndMs, times.quiet)
    nowMs = dueMs
    let isRemoved = false
    const removing = store.sweep().finally(() => {
      isRemoved = true
    })
    await load(() => !isRemoved, times.deleting)
    await removing

    async function load(goesOn: () => boolean, { reads, writes }: { reads: Ms[]; writes: Ms[] }): Promise<void> {
      const timed = async (into: Ms[], work: Promise<unknown>) => {
        const startedMs = performance.now()
        await work
        into.push(performance.now() - startedMs)
      }
      const reading = Array.from({ length: 4 }, async (_, reader) => {
        for (let i = reader; goesOn(); i++) {
          const { key, known } = live[i % live.length] as (typeof live)[number]
          await timed(reads, store.get(key, known))
        }
      })
      const writing = async () => {
        while (goesOn()) {
          await timed(writes, put(dueMs))
          await new Promise(next => setTimeout(next, publishEveryMs))
        }
      }
      await Promise.all([...reading, writing()])
    }
  }
  await store.close()
  const at = (values: readonly Ms[], share: number) =>
    values.toSorted((a, b) => (a as number) - (b as number))[Math.floor(values.length * share)] as number
  const [quiet, deleting] = [at(times.quiet.reads, 0.99), at(times.deleting.reads, 0.99)]
  return {
    read_p99_ms_quiet: quiet,
    read_p99_ms_deleting: deleting,
    read_p99_deleting_over_quiet: deleting / quiet,
    write_p90_ms_quiet: at(times.quiet.writes, 0.9),
    write_p90_ms_deleting: at(times.deleting.writes, 0.9),
  }
}
