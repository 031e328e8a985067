import { RandomStream } from '../../live/random.ts'
import type { EpochMs } from '../../live/units.ts'
import { Cores } from '../../sim/network/cores.ts'
import { SharedLink } from '../../sim/network/shared-link.ts'
import type { Comparison } from './comparison.ts'

// The two queues of the simulated world, by themselves, under Poisson arrivals of equal pieces of work: a process's CPU
// (first come, first served) and a link that its flows share. Derived in docs/validation.md, "Queues".

export interface Queue {
  /** Share of the time that it is busy. */
  readonly load: number
  readonly arrivals: number
}

/** What one piece takes alone, ms. */
const alone = 10
const bytesOfAPiece = 1_250
/** With which 1,250 bytes take 10 ms. */
const bitsPerSecond = 1_000_000
const goal = 0.02

/** Mean wait before the service begins, ms: M/D/1 (Pollaczek and Khinchine). */
export const meanWaitOfCores = (load: number): number => (load * alone) / (2 * (1 - load))

/** Mean time from the first byte to the last, ms: M/G/1 with processor sharing, whatever the sizes. */
export const meanTimeOnLink = (load: number): number => alone / (1 - load)

/** Instants of a Poisson process that keeps a server busy for `load` of the time. */
function* poissonInstants({ load, arrivals }: Queue, name: string): Generator<number> {
  const stream = new RandomStream(1, name)
  const meanGapMs = alone / load
  let atMs = 0
  for (let i = 0; i < arrivals; i++) {
    atMs += -meanGapMs * Math.log(1 - stream.next())
    yield atMs
  }
}

/** Mean wait that the simulator's CPU shows. */
function simulateCores(queue: Queue): number {
  const cores = new Cores(1)
  let waitedMs = 0
  for (const atMs of poissonInstants(queue, 'cores')) waitedMs += (cores.work(alone, atMs) as number) - atMs - alone
  return waitedMs / queue.arrivals
}

/** Mean time through the simulator's link. */
function simulateLink(queue: Queue): number {
  let endsMs = Infinity
  let tookMs = 0
  const link = new SharedLink({
    bitsPerSecond,
    endsAt: at => {
      endsMs = at as number
    },
  })
  const settleUntil = (atMs: number) => {
    while (endsMs <= atMs) link.settle(endsMs)
  }
  for (const atMs of poissonInstants(queue, 'link')) {
    settleUntil(atMs)
    const through = (at: EpochMs) => {
      tookMs += (at as number) - atMs
    }
    link.send({ through }, bytesOfAPiece, atMs)
  }
  settleUntil(Number.MAX_VALUE)
  return tookMs / queue.arrivals
}

/**
 * Both queues. Waits that follow each other are alike, the more so the higher the load: a mean of N of them is as good as
 * one of about N (1 - load)² that are independent.
 */
export function compareQueues(queue: Queue): Comparison[] {
  const common = {
    level: 'V0',
    variant: `load ${queue.load}`,
    kind: 'mean_wait',
    goal,
    spread: 0,
    n: Math.round(queue.arrivals * (1 - queue.load) ** 2),
  } as const
  return [
    {
      ...common,
      scenario: 'queues',
      figure: 'cpu_wait_ms_mean',
      trusted: meanWaitOfCores(queue.load),
      predicted: simulateCores(queue),
    },
    {
      ...common,
      scenario: 'queues',
      figure: 'link_transfer_ms_mean',
      trusted: meanTimeOnLink(queue.load),
      predicted: simulateLink(queue),
    },
  ]
}
