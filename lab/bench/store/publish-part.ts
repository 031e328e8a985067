import { limits } from '../../../live/limits.ts'
import { pin } from './pin.ts'
import { type PublishOptions, PublishTurns, plannedTurns, type TurnKind, turnKinds } from './publish-turns.ts'
import { quantile } from './quantile.ts'
import type { StoreGround } from './store-grounds.ts'
import { StoreProcess } from './store-process.ts'

// Publish times, quiet and under an origin storm, in turns that are interleaved (publish-turns.ts), so that what else the
// machine does meets all. The storm has one core, together with the cache that bears it; publishes have the other,
// together with the database. A store that serves one process only has publishes and reads in the same one.
//
// `storm_over_quiet` is what the storm costs by way of the stores; `quiet_over_idle` what a busy neighbour core costs
// anybody on this machine, and so how much of `storm_over_idle` two cores do not permit to avoid.

/** What gates read; a median of publishes is known to some per cent only, and of these to fewer. */
export const gatedTitle = 'cassandra_memcached'
/** So many quiet and storm turns for an idle one there, and twice as many idle ones: a p90 is known to 2 per cent then. */
const gatedTurns = { times: 2, each: 3 }
/** All that is published is kept, and memory holds less of it than disks. */
const memoryTurns = { times: 0.5, each: 1 }
const usualTurns = { times: 1, each: 1 }
const budgetMs = 10_000
const keepMs = 3_600_000
const [publishCore, stormCore] = [0, 1]

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
    const first = withMemcached ? 1_000_000 : 0
    const turns = new PublishTurns({ publisher, reader, stormCore, first }, options)
    await turns.warmUp()
    const { times, each } = title === gatedTitle ? gatedTurns : ground.name === 'memory' ? memoryTurns : usualTurns
    await turns.take(plannedTurns(Math.ceil(options.turns * times), each), turn => tell(`${title}: ${turn}`))
    return figuresOf(title, turns)
  } finally {
    await publisher.stop()
    if (reader !== publisher) await reader.stop()
  }
}

/**
 * The quantile as the median turn has it. Publishes of one turn are not independent of each other: a database that
 * collects its garbage for half a second slows all of them, under whatever load, and all publishes together would tell
 * whom that met. How often it happens is counted (`writes_over_500_ms`).
 */
const ofTurns = (turns: readonly (readonly number[])[], q: number): number =>
  quantile(
    turns.map(durationsMs => quantile(durationsMs, q)),
    0.5,
  )

function figuresOf(title: string, turns: PublishTurns): Record<string, number> {
  const { durationsMs } = turns
  const each = [0.5, 0.9] as const
  const ofKind = turnKinds.flatMap(kind => {
    return each.map(q => [`publish_p${q * 100}_${kind}_ms.${title}`, quantile(durationsMs[kind].flat(), q)] as const)
  })
  const over = (kind: TurnKind, other: TurnKind) =>
    each.map(q => {
      const ratio = ofTurns(durationsMs[kind], q) / ofTurns(durationsMs[other], q)
      return [`publish_p${q * 100}_${kind}_over_${other}.${title}`, ratio] as const
    })
  const all = Object.values(durationsMs).flat(2)
  return {
    ...Object.fromEntries([...ofKind, ...over('storm', 'quiet'), ...over('quiet', 'idle'), ...over('storm', 'idle')]),
    [`publishes.${title}`]: all.length,
    [`publishes_failed.${title}`]: turns.publishesFailed,
    [`writes_over_500_ms.${title}`]: all.filter(ms => ms > limits.slowWriteMs).length,
    [`storm_reads.${title}`]: turns.reads,
    [`storm_bytes.${title}`]: turns.bytes,
    [`storm_reads_failed.${title}`]: turns.readsFailed,
    [`storm_lag_max_ms.${title}`]: turns.readsLagMs,
    [`database_reads_in_storm.${title}`]: turns.databaseReads / turns.reads,
    [`storm_core_busy_in_storm.${title}`]: turns.busy.shares().storm,
    [`storm_core_busy_in_quiet.${title}`]: turns.busy.shares().quiet,
    [`cpu_left_in_storm.${title}`]: quantile(turns.idleShares, 0.5),
  }
}
