import type { Part } from '../results/record/part.ts'
import type { ControlRoutes } from './control.ts'

// How much of the machine's CPU a process uses, all of its threads together: what its work costs whether a request's own
// time shows it or not (the kernel behind a write, the garbage collector, the event loop).

const microsecondsAMs = 1_000

/** `routes`, whose `GET /record` counts `cpu_ms` as well: since the start, or since the last `POST /reset`. */
export function withCpuTime(routes: ControlRoutes): ControlRoutes {
  const { 'GET /record': record, 'POST /reset': reset } = routes
  if (record === undefined) return routes
  let begun = process.cpuUsage()
  const counted: Record<string, ControlRoutes[string]> = {
    'GET /record': async body => {
      const part = (await record(body)) as Part
      const { user, system } = process.cpuUsage(begun)
      return { ...part, counts: { ...part.counts, cpu_ms: (user + system) / microsecondsAMs } }
    },
  }
  if (reset !== undefined) {
    counted['POST /reset'] = body => {
      begun = process.cpuUsage()
      return reset(body)
    }
  }
  return { ...routes, ...counted }
}
