import { sum } from '../../results/sums.ts'
import type { Work } from '../calibration.ts'

// How much of the time that a place spends on a request is CPU. What a request's own time shows is not all: the kernel
// behind a write, the garbage collector and the event loop work for it when its answer has left, while waiting for a disk
// occupies nothing. So the CPU time of the whole process is shared among its kinds of work in proportion to what each
// seemed to take where there is less of it, the rest having passed beside. What there is more of it comes after answers:
// half of that with every answer and half with the bytes, which a run with one kind of content cannot tell apart;
// no more than a busier run has shown: what goes beyond that a process spends whether it is asked or not.

export interface Done {
  readonly work: Work
  readonly times: number
  /** Of bodies, all together. */
  readonly mib: number
}

/** CPU to be shared out, and how much of it follows an answer and a MiB at most, as a busier run has shown. */
export interface CpuOfAll {
  readonly cpuMs: number
  readonly most?: Pick<Work, 'afterMs' | 'afterMsPerMib'> | undefined
}

/** What follows each of so many answers, and each MiB of theirs, of CPU that no answer's own time shows. */
export function behindAnswers(
  { cpuMs, most }: CpuOfAll,
  answers: number,
  mib: number,
): Pick<Work, 'afterMs' | 'afterMsPerMib'> {
  const withBytesMs = mib > 0 ? Math.min(cpuMs / 2, mib * (most?.afterMsPerMib ?? Infinity)) : 0
  const afterMs = Math.min((cpuMs - withBytesMs) / answers, most?.afterMs ?? Infinity)
  return { afterMs, afterMsPerMib: mib > 0 ? withBytesMs / mib : 0 }
}

/** `done` with CPU that adds up to `cpuMs`; what a kind of work takes from arrival to end stays as it was seen. */
export function sharedOut<Name extends string>(
  done: Readonly<Record<Name, Done>>,
  { cpuMs, most }: CpuOfAll,
): Record<Name, Work> {
  const all = Object.entries<Done>(done)
  const cpuOf = ({ work, times, mib }: Done) => times * work.cpuMs + mib * work.cpuMsPerMib
  const seemedMs = sum(all.map(([, one]) => cpuOf(one)))
  if (cpuMs === 0 || seemedMs === 0) {
    return Object.fromEntries(all.map(([name, { work }]) => [name, work])) as Record<Name, Work>
  }
  const [pieces, mib] = [sum(all.map(([, { times }]) => times)), sum(all.map(([, one]) => one.mib))]
  const restMs = Math.max(0, cpuMs - seemedMs)
  const after = behindAnswers({ cpuMs: restMs, most }, pieces, mib)
  const factor = Math.min(1, cpuMs / seemedMs)
  const shared = all.map(([name, { work }]): [string, Work] => {
    const asideMs = work.cpuMs * (1 - factor)
    const besideMs = work.besideMs.map(([share, ms]): [number, number] => [share, ms + asideMs])
    return [name, { ...after, cpuMs: work.cpuMs * factor, cpuMsPerMib: work.cpuMsPerMib * factor, besideMs }]
  })
  return Object.fromEntries(shared) as Record<Name, Work>
}
