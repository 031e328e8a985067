import { sum } from '../../results/sums.ts'
import type { Work } from '../calibration.ts'

// How much of the time that a place spends on a request is CPU. What a request's own time shows is not all: the kernel
// behind a write, the garbage collector and the event loop work for it when its answer has left, while waiting for a disk
// occupies nothing. So the CPU time of the whole process is shared among its kinds of work in proportion to what each
// seemed to take where there is less of it, the rest having passed beside. What there is more of it comes after answers:
// half of that with every answer and half with the bytes, which a run with one kind of content cannot tell apart.

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
  const seemedMs = sum(all.map(([, one]) => cpuOf(one)))
  if (cpuMs === 0 || seemedMs === 0) {
    return Object.fromEntries(all.map(([name, { work }]) => [name, work])) as Record<Name, Work>
  }
  const [pieces, mib] = [sum(all.map(([, { times }]) => times)), sum(all.map(([, one]) => one.mib))]
  const restMs = Math.max(0, cpuMs - seemedMs)
  const withBytesMs = mib > 0 ? restMs / 2 : 0
  const after = { afterMs: (restMs - withBytesMs) / pieces, afterMsPerMib: mib > 0 ? withBytesMs / mib : 0 }
  const factor = Math.min(1, cpuMs / seemedMs)
  const shared = all.map(([name, { work }]): [string, Work] => {
    const asideMs = work.cpuMs * (1 - factor)
    const besideMs = work.besideMs.map(([share, ms]): [number, number] => [share, ms + asideMs])
    return [name, { ...after, cpuMs: work.cpuMs * factor, cpuMsPerMib: work.cpuMsPerMib * factor, besideMs }]
  })
  return Object.fromEntries(shared) as Record<Name, Work>
}
