import { cpuOf } from './cpu.ts'
import { quantile } from './quantile.ts'
import type { StoreGround } from './store-grounds.ts'
import { StoreProcess } from './store-process.ts'

// How fast bodies come from a store, and what a GB of them costs: CPU of the process that reads, and of the servers that
// it reads from (memcached, versitygw; Cassandra's nodes are not counted). Turns with and without the tier alternate.
// Memory hands out what it has and copies nothing: its rate says only that the measuring costs nothing itself.

export interface DeliveryOptions {
  readonly turns: number
  readonly turnMs: number
  readonly bodies: number
  readonly bodyBytes: number
  readonly inFlight: number
}

interface Rate {
  readonly gbitPerS: number
  readonly cpuMsPerGb: number
}

export async function measureDelivery(ground: StoreGround, options: DeliveryOptions): Promise<Record<string, number>> {
  const { turns, turnMs, bodies: count, bodyBytes, inFlight } = options
  const rates: Record<'alone' | 'tier', Rate[]> = { alone: [], tier: [] }
  const reader = new StoreProcess(ground.environment)
  const { store: pids, memcached } = ground.servers
  try {
    for (const [round, first] of Array.from({ length: turns }, (_, i) => [i, 2_000_000 + i * 2 * count] as const)) {
      for (const side of round % 2 === 0 ? (['alone', 'tier'] as const) : (['tier', 'alone'] as const)) {
        await reader.tell({ do: 'open', config: ground.config(side === 'tier'), budgetMs: 10_000, keepMs: 3_600_000 })
        const from = side === 'tier' ? first : first + count
        const { bodies } = await reader.tell({ do: 'publish', first: from, count, everyMs: 10, bodyBytes })
        // Code is compiled and connections are made.
        await reader.tell({ do: 'deliver', bodies, inFlight, forMs: turnMs / 3 })
        const servers = side === 'tier' ? [...pids, ...memcached] : pids
        const before = cpuOf(servers)
        const { bytes, tookMs, cpuMs } = await reader.tell({ do: 'deliver', bodies, inFlight, forMs: turnMs })
        const gb = bytes / 1e9
        const allCpuMs = (cpuMs as number) + cpuOf(servers) - before
        rates[side].push({ gbitPerS: (8 * gb) / ((tookMs as number) / 1_000), cpuMsPerGb: allCpuMs / gb })
      }
    }
  } finally {
    await reader.stop()
  }
  const figures = (title: string, of: readonly Rate[]) => ({
    [`delivery_gbit_s.${title}`]: quantile(
      of.map(({ gbitPerS }) => gbitPerS),
      0.5,
    ),
    [`delivery_cpu_ms_per_gb.${title}`]: quantile(
      of.map(({ cpuMsPerGb }) => cpuMsPerGb),
      0.5,
    ),
  })
  return { ...figures(ground.name, rates.alone), ...figures(`${ground.name}_memcached`, rates.tier) }
}
