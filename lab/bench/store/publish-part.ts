import { limits } from '../../../live/limits.ts'
import { type CpuSample, idleShare, sampleCpu } from './cpu.ts'
import { pin } from './pin.ts'
import { quantile } from './quantile.ts'
import type { StoreGround } from './store-grounds.ts'
import { StoreProcess } from './store-process.ts'
import type { StormBody } from './worker-commands.ts'

// Publish times, quiet and under an origin storm, in turns that are interleaved, so that what else the machine does meets
// all. The storm reads MiB-sized segments of the window at planned instants. It has one core, together with the cache that
// bears it; publishes have the other, together with the database. A store that serves one process only has publishes and
// reads in the same one.
//
// | turn  | beside the publishes                                                                                   |
// |-------|--------------------------------------------------------------------------------------------------------|
// | idle  | nothing                                                                                                |
// | quiet | as many bytes at such instants over loopback on the storm's core, from a socket that touches no store  |
// | storm | the storm                                                                                              |
//
// `storm_over_quiet` is what the storm costs by way of the stores; `quiet_over_idle` what a busy neighbour core costs
// anybody on this machine, and so how much of `storm_over_idle` two cores do not permit to avoid.

export interface PublishOptions {
  /** Turns of each kind that count; of the pair that gates read, Cassandra with memcached, twice as many. */
  readonly turns: number
  readonly publishesATurn: number
  readonly publishEveryMs: number
  readonly bodyBytes: number
  /** Segments of the window, published before. */
  readonly window: number
  readonly readsPerS: number
}

const budgetMs = 10_000
const keepMs = 3_600_000
const [publishCore, stormCore] = [0, 1]

/** What gates read; a median of publishes is known to some per cent only, and of these to fewer. */
export const gatedTitle = 'cassandra_memcached'
const turnKinds = ['idle', 'quiet', 'storm'] as const
type TurnKind = (typeof turnKinds)[number]
/** There and back again, so that what drifts meets each kind alike. */
const cycle: readonly TurnKind[] = [...turnKinds, ...turnKinds.toReversed()]

interface Turns {
  readonly durationsMs: Readonly<Record<TurnKind, number[]>>
  reads: number
  bytes: number
  readsFailed: number
  readsLagMs: number
  databaseReads: number
  publishesFailed: number
  readonly idleShares: number[]
}

/** Figures of one store, with or without the tier. */
export async function measurePublishes(
  ground: StoreGround,
  withMemcached: boolean,
  options: PublishOptions,
  tell: (line: string) => void,
): Promise<Record<string, number>> {
  const title = `${ground.name}${withMemcached ? '_memcached' : ''}`
  const publisher = new StoreProcess(ground.environment, ground.isShared ? publishCore : undefined)
  const reader = ground.isShared ? new StoreProcess(ground.environment, stormCore) : publisher
  try {
    if (ground.isShared) {
      pin(ground.servers.store, publishCore)
      pin(ground.servers.memcached, stormCore)
    }
    const open = { do: 'open', config: ground.config(withMemcached), budgetMs, keepMs } as const
    await publisher.tell(open)
    if (reader !== publisher) await reader.tell(open)
    const turns = await takeTurns(publisher, reader, options, title, tell)
    return figuresOf(title, turns)
  } finally {
    await publisher.stop()
    if (reader !== publisher) await reader.stop()
  }
}

async function takeTurns(
  publisher: StoreProcess,
  reader: StoreProcess,
  options: PublishOptions,
  title: string,
  tell: (line: string) => void,
): Promise<Turns> {
  const { publishesATurn: count, publishEveryMs: everyMs, bodyBytes, window, readsPerS } = options
  // With and without the tier in one store: each has numbers of its own.
  let first = title.endsWith('memcached') ? 1_000_000 : 0
  const publish = async (count: number, everyMs: number) => {
    const published = await publisher.tell({ do: 'publish', first, count, everyMs, bodyBytes })
    first += count
    return published
  }
  let bodies: readonly StormBody[] = (await publish(window, 20)).bodies
  const storm = (forMs: number, seed: number) => reader.tell({ do: 'storm', bodies, readsPerS, forMs, seed })
  // Code is compiled, connections are made, caches are as they will be.
  await Promise.all([publish(count, everyMs), storm(1_000, 0)])
  const turns: Turns = {
    durationsMs: { idle: [], quiet: [], storm: [] },
    reads: 0,
    bytes: 0,
    readsFailed: 0,
    readsLagMs: 0,
    databaseReads: 0,
    publishesFailed: 0,
    idleShares: [],
  }
  const turnCount = turnKinds.length * options.turns * (title === gatedTitle ? 2 : 1)
  for (let turn = 0; turn < turnCount; turn++) {
    const kind = cycle[turn % cycle.length] as TurnKind
    tell(`${title}: turn ${turn + 1} of ${turnCount}, ${kind}`)
    const before: CpuSample = sampleCpu()
    const forMs = count * everyMs
    const [published, stormed] = await Promise.all([
      publish(count, everyMs),
      kind === 'storm' ? storm(forMs, turn) : undefined,
      kind === 'quiet'
        ? reader.tell({ do: 'plain', bodyBytes, count: window, readsPerS, forMs, seed: turn })
        : undefined,
    ])
    turns.publishesFailed += published.failed
    turns.durationsMs[kind].push(...(published.durationsMs as readonly number[]))
    bodies = [...bodies, ...published.bodies].slice(-window)
    if (!stormed) continue
    turns.idleShares.push(idleShare(before, sampleCpu()))
    turns.reads += stormed.reads
    turns.bytes += stormed.bytes
    turns.readsFailed += stormed.failed
    turns.readsLagMs = Math.max(turns.readsLagMs, stormed.lagMs as number)
    turns.databaseReads += databaseReads(stormed.counts)
  }
  return turns
}

/** Reads that reached the store below: what it counted itself, not what the tier in front of it did. */
const databaseReads = (counts: Readonly<Record<string, number>>): number =>
  ['memory', 'lsm', 's3', 'cassandra'].reduce((sum, tier) => sum + (counts[`store.${tier}.reads`] ?? 0), 0)

function figuresOf(title: string, turns: Turns): Record<string, number> {
  const { durationsMs } = turns
  const ofKind = Object.fromEntries(
    turnKinds.flatMap(kind => [
      [`publish_p50_${kind}_ms.${title}`, quantile(durationsMs[kind], 0.5)],
      [`publish_p90_${kind}_ms.${title}`, quantile(durationsMs[kind], 0.9)],
    ]),
  )
  const over = (kind: TurnKind, other: TurnKind) =>
    Object.fromEntries(
      [0.5, 0.9].map(q => [
        `publish_p${q * 100}_${kind}_over_${other}.${title}`,
        quantile(durationsMs[kind], q) / quantile(durationsMs[other], q),
      ]),
    )
  const all = Object.values(durationsMs).flat()
  return {
    ...ofKind,
    ...over('storm', 'quiet'),
    ...over('quiet', 'idle'),
    ...over('storm', 'idle'),
    [`publishes.${title}`]: all.length,
    [`publishes_failed.${title}`]: turns.publishesFailed,
    [`writes_over_500_ms.${title}`]: all.filter(ms => ms > limits.slowWriteMs).length,
    [`storm_reads.${title}`]: turns.reads,
    [`storm_bytes.${title}`]: turns.bytes,
    [`storm_reads_failed.${title}`]: turns.readsFailed,
    [`storm_lag_max_ms.${title}`]: turns.readsLagMs,
    [`database_reads_in_storm.${title}`]: turns.databaseReads / turns.reads,
    [`cpu_left_in_storm.${title}`]: quantile(turns.idleShares, 0.5),
  }
}
