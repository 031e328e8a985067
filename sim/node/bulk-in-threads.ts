import { Worker } from 'node:worker_threads'
import type { Audience } from '../bulk/audience.ts'
import type { Behaviours } from '../bulk/behaviours.ts'
import { allSlices, type BulkResult, joinSlices, type OnBulkProgress, sitesShare } from '../bulk/bulk.ts'
import { groupsOf, groupsOfSlice } from '../bulk/groups.ts'
import type { BulkWorld } from '../bulk/layout.ts'
import type { SliceResult } from '../bulk/slice.ts'
import type { BulkJob, BulkSaying } from './bulk-jobs.ts'

// Bulk mode in threads: one lives through the simulated sites, then several share the slices of the edges. Slices are
// added up in their own order, so that the number of threads does not show in the result.

export interface ThreadedOptions {
  readonly threads: number
  readonly audience?: Audience | undefined
  readonly slices?: readonly number[] | undefined
  readonly onProgress?: OnBulkProgress | undefined
  /** Aborted: what is done so far is the result, marked as partial. */
  readonly signal?: AbortSignal | undefined
}

export async function simulateInThreads(world: BulkWorld, options: ThreadedOptions): Promise<BulkResult> {
  const { threads, audience, onProgress = () => true, signal } = options
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const end = () => Atomics.store(stop, 0, 1)
  if (signal?.aborted) end()
  signal?.addEventListener('abort', end, { once: true })
  try {
    const behaviours = await live(world, audience, stop, onProgress)
    const groups = groupsOf(world)
    const wanted = (options.slices ?? allSlices).filter(slice => groupsOfSlice(groups, slice).length > 0)
    const results = await spread(world, behaviours, wanted, { stop, threads, onProgress })
    const inOrder = wanted.map(slice => results.get(slice)).filter(result => result !== undefined)
    return joinSlices(world, behaviours, inOrder, wanted, Atomics.load(stop, 0) !== 0)
  } finally {
    signal?.removeEventListener('abort', end)
  }
}

async function live(
  world: BulkWorld,
  audience: Audience | undefined,
  stop: Int32Array,
  onProgress: OnBulkProgress,
): Promise<Behaviours> {
  let known: Behaviours | undefined
  await inThread({ job: 'live', world, audience, stop }, saying => {
    if (saying.says === 'behaviours') known = saying.behaviours
    else if (saying.says === 'progress') {
      const doing = `simulated site ${saying.done} of ${saying.of}`
      onProgress({ done: (sitesShare * saying.done) / saying.of, doing })
    }
  })
  if (!known) throw new Error('a thread of the simulation ended without a result')
  return known
}

interface Sharing {
  readonly stop: Int32Array
  readonly threads: number
  readonly onProgress: OnBulkProgress
}

async function spread(
  world: BulkWorld,
  behaviours: Behaviours,
  wanted: readonly number[],
  { stop, threads, onProgress }: Sharing,
): Promise<Map<number, SliceResult>> {
  const results = new Map<number, SliceResult>()
  const shares = Array.from({ length: Math.max(1, Math.min(threads, wanted.length)) }, (_, thread) =>
    wanted.filter((_, place) => place % threads === thread),
  )
  const done = shares.map(() => 0)
  await Promise.all(
    shares.map((slices, thread) =>
      inThread({ job: 'spread', world, behaviours, slices, stop }, saying => {
        if (saying.says === 'slices') for (const [slice, result] of saying.results) results.set(slice, result)
        else if (saying.says === 'progress') {
          done[thread] = saying.done
          const all = done.reduce((sum, one) => sum + one, 0) / Math.max(1, wanted.length)
          onProgress({ done: sitesShare + (1 - sitesShare) * all, doing: 'every edge' })
        }
      }),
    ),
  )
  return results
}

/** Compiled in the package for other repositories. */
const workerFile = new URL(import.meta.url.endsWith('.ts') ? './bulk-worker.ts' : './bulk-worker.js', import.meta.url)

/** Resolves when the thread has ended; rejects with what it threw. */
function inThread(job: BulkJob, onSaying: (saying: BulkSaying) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, { workerData: job })
    worker.on('message', onSaying)
    worker.once('error', reject)
    worker.once('exit', code =>
      code === 0 ? resolve() : reject(new Error(`a thread of the simulation ended with ${code}`)),
    )
  })
}
