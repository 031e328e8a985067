import type { Work } from '../calibration.ts'

// How much of the time that a place spends on a request is CPU. What a request's own time shows is not all: the kernel
// behind a write, the garbage collector and the event loop work for it when its answer has left, while waiting for a disk
// occupies nothing. So the CPU time of the whole process is shared among its kinds of work in proportion to what each
// seemed to take: what there is more of it comes after the answers, and where there is less, the rest passed beside it.

export interface Done {
  readonly work: Work
  readonly times: number
  /** Of bodies, all together. */
  readonly mib: number
}

/** `done` with CPU that adds up to `cpuMs`; what a kind of work takes from arrival to end stays as it was seen. */
export function sharedOut<Name extends string>(done: Readonly<Record<Name, Done>>, cpuMs: number): Record<Name, Work> {
  const all = Object.entries<Done>(done)
  const cpuOf = ({ work, times, mib }: Done) => times * work.cpuMs + mib * work.cpuMsPerMib
  const seemedMs = all.reduce((sum, [, one]) => sum + cpuOf(one), 0)
  const factor = cpuMs > 0 && seemedMs > 0 ? cpuMs / seemedMs : 1
  const shared = all.map(([name, one]): [string, Work] => {
    const { work, times } = one
    if (factor >= 1) {
      return [name, { ...work, afterMs: times === 0 ? 0 : ((factor - 1) * cpuOf(one)) / times }]
    }
    const besideMs = work.besideMs.map(([share, ms]): [number, number] => [share, ms + work.cpuMs * (1 - factor)])
    return [name, { ...work, cpuMs: work.cpuMs * factor, cpuMsPerMib: work.cpuMsPerMib * factor, besideMs }]
  })
  return Object.fromEntries(shared) as Record<Name, Work>
}
