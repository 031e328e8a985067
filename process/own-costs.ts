import { PerformanceObserver } from 'node:perf_hooks'
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import type { Part } from '../results/record/part.ts'
import type { ControlRoutes } from './control.ts'
import { durationHistogram, recordDuration } from './recorder.ts'

// What a process costs its machine whether a request's own time shows it or not: the CPU of all of its threads together
// (the kernel behind a write, the event loop), and how often and for how long it stands still for its garbage collector.

const microsecondsAMs = 1_000

/**
 * `routes`, whose `GET /record` counts `cpu_ms` as well, and has a histogram `gc_pause_ms` where there was a pause: since
 * the start, or since the last `POST /reset`.
 */
export function withOwnCosts(routes: ControlRoutes): ControlRoutes {
  const { 'GET /record': record, 'POST /reset': reset } = routes
  if (record === undefined) return routes
  let begun = process.cpuUsage()
  const pauses = durationHistogram()
  new PerformanceObserver(seen => {
    for (const { duration } of seen.getEntries()) recordDuration(pauses, duration)
  }).observe({ entryTypes: ['gc'] })
  const costed: Record<string, ControlRoutes[string]> = {
    'GET /record': async body => {
      const part = (await record(body)) as Part
      const { user, system } = process.cpuUsage(begun)
      const paused = pauses.totalCount > 0 ? { gc_pause_ms: encodeIntoCompressedBase64(pauses) } : {}
      return {
        ...part,
        counts: { ...part.counts, cpu_ms: (user + system) / microsecondsAMs },
        histograms: { ...part.histograms, ...paused },
      }
    },
  }
  if (reset !== undefined) {
    costed['POST /reset'] = body => {
      begun = process.cpuUsage()
      pauses.reset()
      return reset(body)
    }
  }
  return { ...routes, ...costed }
}
