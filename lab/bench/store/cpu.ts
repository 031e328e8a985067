import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

// What the machine and single processes spend of its cores.

/** Linux counts in hundredths of a second, on every machine of today. */
const tickMs = 10

export interface CpuSample {
  readonly idleMs: number
  readonly totalMs: number
}

/** @param core that is meant; all of them where it is left out */
export function sampleCpu(core?: number): CpuSample {
  const times = cpus()
    .filter((_, i) => core === undefined || i === core)
    .map(({ times }) => times)
  const idleMs = times.reduce((sum, { idle }) => sum + idle, 0)
  return {
    idleMs,
    totalMs: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0),
  }
}

/** The share of the sampled cores that nobody used between two samples. */
export const idleShare = (from: CpuSample, to: CpuSample): number =>
  (to.idleMs - from.idleMs) / Math.max(1, to.totalMs - from.totalMs)

/** CPU that the processes have used since they began; NaN where the system does not say. */
export function cpuOf(pids: readonly number[]): number {
  try {
    return pids.reduce((sum, pid) => {
      // The name of the program, which may have spaces, ends with the last parenthesis; `man 5 proc_pid_stat`.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
      return sum + (Number(fields[11]) + Number(fields[12])) * tickMs
    }, 0)
  } catch {
    return Number.NaN
  }
}
