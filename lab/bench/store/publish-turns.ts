import { type CpuSample, idleShare, sampleCpu } from './cpu.ts'
import { EquallyBusy } from './equally-busy.ts'
import { quantile } from './quantile.ts'
import type { StoreProcess } from './store-process.ts'
import type { Published, StormBody, Stormed } from './worker-commands.ts'

// Publishes in turns of three kinds, and what was seen in them.
//
// | turn  | beside the publishes                                                                                     |
// |-------|----------------------------------------------------------------------------------------------------------|
// | idle  | nothing                                                                                                  |
// | quiet | as many bytes at such instants over loopback on the storm's core, which is as busy, and touches no store |
// | storm | reads of MiB-sized segments of the window at planned instants                                            |

export const turnKinds = ['idle', 'quiet', 'storm'] as const
export type TurnKind = (typeof turnKinds)[number]
/**
 * At least `turns` of each kind, there and back again, so that what drifts meets each kind alike; with `each` of the pair
 * that is compared, quiet and storm, for one that is idle.
 */
export function plannedTurns(turns: number, each = 1): TurnKind[] {
  const pairs = Array.from({ length: each }, (_, i): TurnKind[] =>
    i % 2 === 0 ? ['quiet', 'storm'] : ['storm', 'quiet'],
  )
  const there: TurnKind[] = ['idle', ...pairs.flat()]
  return Array.from({ length: turns }, (_, i) => (i % 2 === 0 ? there : there.toReversed())).flat()
}

export interface PublishOptions {
  /** Turns of each kind that count. */
  readonly turns: number
  readonly publishesATurn: number
  readonly publishEveryMs: number
  readonly bodyBytes: number
  /** Segments of the window, published before. */
  readonly window: number
  readonly readsPerS: number
}

export interface TurnProcesses {
  readonly publisher: StoreProcess
  /** The publisher itself where a store serves one process only. */
  readonly reader: StoreProcess
  /** On which the reader is, and the cache. */
  readonly stormCore: number
  /** The number of the first segment: stores that are measured twice have numbers for each time. */
  readonly first: number
}

export class PublishTurns {
  /** Of each kind, turn by turn. */
  readonly durationsMs: Readonly<Record<TurnKind, (readonly number[])[]>> = { idle: [], quiet: [], storm: [] }
  reads = 0
  bytes = 0
  readsFailed = 0
  readsLagMs = 0
  databaseReads = 0
  publishesFailed = 0
  readonly idleShares: number[] = []
  readonly busy: EquallyBusy
  readonly #processes: TurnProcesses
  readonly #options: PublishOptions
  readonly #forMs: number
  #next: number
  /** The window's, the newest last. */
  #bodies: readonly StormBody[] = []

  constructor(processes: TurnProcesses, options: PublishOptions) {
    this.#processes = processes
    this.#options = options
    this.#forMs = options.publishesATurn * options.publishEveryMs
    this.#next = processes.first
    this.busy = new EquallyBusy({ readsPerS: options.readsPerS, forMs: this.#forMs })
  }

  /** Fills the window; afterwards code is compiled, caches are as they will be, and a storm's cost to its core is known. */
  async warmUp(): Promise<void> {
    await this.#publish(this.#options.window, 20)
    for (const kind of ['storm', 'quiet', 'quiet'] as const) await this.#both(kind, 0)
    this.busy.begin()
  }

  /** @param tell hears what each turn came to */
  async take(turns: readonly TurnKind[], tell: (turn: string) => void): Promise<void> {
    for (const [turn, kind] of turns.entries()) {
      const before: CpuSample = sampleCpu()
      const [published, stormed] = await this.#both(kind, turn)
      const [median, slow] = [0.5, 0.9].map(q => quantile(published.durationsMs as readonly number[], q).toFixed(1))
      tell(`turn ${turn + 1} of ${turns.length}, ${kind}: p50 ${median} ms, p90 ${slow} ms`)
      this.publishesFailed += published.failed
      this.durationsMs[kind].push(published.durationsMs as readonly number[])
      if (!stormed) continue
      this.idleShares.push(idleShare(before, sampleCpu()))
      this.#count(stormed)
    }
  }

  #count({ reads, bytes, failed, lagMs, counts }: Stormed): void {
    this.reads += reads
    this.bytes += bytes
    this.readsFailed += failed
    this.readsLagMs = Math.max(this.readsLagMs, lagMs as number)
    this.databaseReads += databaseReads(counts)
  }

  #both(kind: TurnKind, seed: number): Promise<[Published, Stormed | undefined]> {
    const { publishesATurn, publishEveryMs } = this.#options
    return Promise.all([this.#publish(publishesATurn, publishEveryMs), this.#beside(kind, seed)])
  }

  async #publish(count: number, everyMs: number): Promise<Published> {
    const { bodyBytes, window } = this.#options
    const first = this.#next
    this.#next += count
    const published = await this.#processes.publisher.tell({ do: 'publish', first, count, everyMs, bodyBytes })
    this.#bodies = [...this.#bodies, ...published.bodies].slice(-window)
    return published
  }

  async #beside(kind: TurnKind, seed: number): Promise<Stormed | undefined> {
    const { publisher, reader, stormCore } = this.#processes
    const { readsPerS, bodyBytes, window: count } = this.#options
    const load = { readsPerS, forMs: this.#forMs, seed }
    const before = sampleCpu(stormCore)
    const stormed = kind === 'storm' ? await reader.tell({ do: 'storm', bodies: this.#bodies, ...load }) : undefined
    if (kind === 'quiet') {
      // In the publisher's own process it would stand in the way of the publishes themselves.
      const spinMs = reader === publisher ? 0 : this.busy.spinMs
      await reader.tell({ do: 'plain', spinMs, bodyBytes, count, ...load })
    }
    const share = 1 - idleShare(before, sampleCpu(stormCore))
    if (kind === 'storm') this.busy.stormed(share)
    if (kind === 'quiet') this.busy.quiet(share)
    return stormed
  }
}

/** Reads that reached the store below: what it counted itself, not what the tier in front of it did. */
const databaseReads = (counts: Readonly<Record<string, number>>): number =>
  ['memory', 'lsm', 's3', 'cassandra'].reduce((sum, tier) => sum + (counts[`store.${tier}.reads`] ?? 0), 0)
