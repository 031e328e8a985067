import type { Work } from '../calibration.ts'

// How much of the time that a place spends on a request is CPU. What a request's own time shows is not all: the kernel
// behind a write, the garbage collector and the event loop work for it, too, while waiting for a disk occupies nothing. So
// the CPU time of the whole process is shared among its kinds of work in proportion to what each seemed to take.

export interface Done {
  readonly work: Work
  readonly times: number
  /** Of bodies, all together. */
  readonly mib: number
}

/** `done` with CPU that adds up to `cpuMs`; what a kind of work takes from arrival to end stays as it was seen. */
export function sharedOut<Name extends string>(done: Readonly<Record<Name, Done>>, cpuMs: number): Record<Name, Work> {
  const all = Object.entries<Done>(done)
  const seemedMs = all.reduce((sum, [, { work, times, mib }]) => sum + times * work.cpuMs + mib * work.cpuMsPerMib, 0)
  const factor = cpuMs > 0 && seemedMs > 0 ? cpuMs / seemedMs : 1
  const shared = all.map(([name, { work }]) => {
    const own = work.cpuMs * factor
    // What it took beyond its CPU passes beside it.
    const more = Math.max(0, work.cpuMs - own)
    const besideMs = work.besideMs.map(([share, ms]): [number, number] => [share, ms + more])
    return [name, { cpuMs: own, cpuMsPerMib: work.cpuMsPerMib * factor, besideMs }]
  })
  return Object.fromEntries(shared) as Record<Name, Work>
}
