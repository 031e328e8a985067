import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type DeliveryOptions, measureDelivery } from './store/delivery-part.ts'
import { type FaultOptions, measureFaults, planFaults } from './store/faults-part.ts'
import { gatedTitle, measurePublishes } from './store/publish-part.ts'
import type { PublishOptions } from './store/publish-turns.ts'
import { eachGround, type StoreGround, type StoreName, storeNames } from './store/store-grounds.ts'
import { printEvolution } from './store/store-table.ts'
import { measureVisibility, type VisibleOptions } from './store/visible-part.ts'

// What the stores cost and what the memcached tier changes: publish times quiet and under an origin storm, the storm's
// reads that reach the database, read-your-writes over processes, the price of a GB delivered, and what faults cost. Stores are real and are
// measured one after the other, each with and without the tier. `--part` and `--store` choose (several times each).
//
// Figures are named `figure.store` and `figure.store_memcached`. Those without a store are the ones that gates read:
// of Cassandra with memcached where it was measured, which is where the evolution ends.

export interface StoreBenchOptions {
  readonly stores: readonly StoreName[]
  readonly parts: readonly Part[]
  readonly publish: PublishOptions
  readonly delivery: DeliveryOptions
  readonly visible: VisibleOptions
  readonly faults: FaultOptions
}

const parts = ['publish', 'visible', 'delivery', 'faults'] as const
/** Parts that are measured on a store alone, without an origin before it. */
const partsOfStores: readonly Part[] = ['publish', 'visible', 'delivery']
export type Part = (typeof parts)[number]

const mib = 1024 * 1024
const defaults: StoreBenchOptions = {
  stores: storeNames,
  parts,
  // Ten segments of a MiB a second, as two pipelines with ten renditions each have: more would measure a core that queues.
  publish: { turns: 8, publishesATurn: 40, publishEveryMs: 100, bodyBytes: mib, window: 60, readsPerS: 150 },
  delivery: { turns: 4, turnMs: 1_500, bodies: 40, bodyBytes: mib, inFlight: 16 },
  visible: { publishes: 100, bodyBytes: mib },
  faults: {},
}

/** Runs the benchmark and resolves with its figures. */
export async function benchStore(
  options: StoreBenchOptions,
  tell: (line: string) => void = line => process.stderr.write(`store: ${line}\n`),
): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-store-'))
  const figures: Record<string, number> = {}
  /** Told as they come, so that what was measured is known when a later part fails. */
  const take = (measured: Record<string, number>) => {
    tell(JSON.stringify(measured))
    Object.assign(figures, measured)
  }
  try {
    const faults = options.parts.includes('faults') ? planFaults(options.stores, options.faults) : []
    const stores = options.parts.some(part => partsOfStores.includes(part)) ? options.stores : []
    const absent = await eachGround(stores, folder, tell, async ground => {
      take(await measure(ground, options, tell))
    })
    if (faults.length > 0) take(await measureFaults(faults, folder, tell))
    return { ...figures, ...gated(figures), stores_not_measured: absent.length }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measure(
  ground: StoreGround,
  { parts, publish, delivery, visible }: StoreBenchOptions,
  tell: (line: string) => void,
): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  for (const withMemcached of [false, true]) {
    if (parts.includes('publish')) {
      Object.assign(figures, await measurePublishes(ground, withMemcached, publish, tell))
    }
    if (parts.includes('visible')) Object.assign(figures, await measureVisibility(ground, withMemcached, visible))
  }
  if (parts.includes('delivery')) Object.assign(figures, await measureDelivery(ground, delivery))
  return figures
}

/** The figures that gates read by their plain names. */
function gated(figures: Readonly<Record<string, number>>): Record<string, number> {
  const names = [
    'publish_p50_storm_over_quiet',
    'publish_p90_storm_over_quiet',
    'database_reads_in_storm',
    'read_your_writes_ms_p99',
  ]
  return Object.fromEntries(
    names.flatMap(name => {
      const figure = figures[`${name}.${gatedTitle}`]
      return figure === undefined ? [] : [[name, figure]]
    }),
  )
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      part: { type: 'string', multiple: true },
      store: { type: 'string', multiple: true },
      turns: { type: 'string', default: String(defaults.publish.turns) },
    },
  })
  const chosen = <Name extends string>(
    known: readonly Name[],
    given: readonly string[] | undefined,
  ): readonly Name[] => {
    const wrong = given?.find(name => !known.includes(name as Name))
    if (wrong !== undefined) throw new RangeError(`'${wrong}' is none of ${known.join(', ')}`)
    return given ? known.filter(name => given.includes(name)) : known
  }
  const figures = await benchStore({
    ...defaults,
    stores: chosen(storeNames, values.store),
    parts: chosen(parts, values.part),
    publish: { ...defaults.publish, turns: Number(values.turns) },
  })
  process.stderr.write(printEvolution(figures))
  process.stdout.write(`${JSON.stringify({ bench: 'store', figures })}\n`)
}
