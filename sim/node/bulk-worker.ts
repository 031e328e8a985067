import { parentPort, workerData } from 'node:worker_threads'
import { behavioursOf } from '../bulk/behaviours.ts'
import { Publications } from '../bulk/publications.ts'
import { type SliceResult, workSlice } from '../bulk/slice.ts'
import type { BulkJob, BulkSaying } from './bulk-jobs.ts'

// One thread of bulk mode: lives through the simulated sites, or works on some slices of the edges.

const job = workerData as BulkJob
const say = (saying: BulkSaying): void => parentPort?.postMessage(saying)
const stopped = (): boolean => Atomics.load(job.stop, 0) !== 0

if (job.job === 'live') {
  const behaviours = behavioursOf(job.world, job.audience, (done, of) => say({ says: 'progress', done, of }), stopped)
  say({ says: 'behaviours', behaviours })
} else {
  const publications = new Publications(job.world)
  const results: [number, SliceResult][] = []
  for (const [place, slice] of job.slices.entries()) {
    if (stopped()) break
    const onPeriod = (done: number, of: number): boolean => {
      say({ says: 'progress', done: place + done / Math.max(1, of), of: job.slices.length })
      return !stopped()
    }
    results.push([slice, workSlice(job.world, job.behaviours, slice, onPeriod, publications)])
  }
  say({ says: 'slices', results })
}
