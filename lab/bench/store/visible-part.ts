import { quantile } from './quantile.ts'
import type { StoreGround } from './store-grounds.ts'
import { StoreProcess } from './store-process.ts'

// Read-your-writes within a region, over processes: one publishes, another one reads without a pause from the moment of
// the acknowledgement on. Counted from the acknowledgement to the end of the read that had the body.

export interface VisibleOptions {
  readonly publishes: number
  readonly bodyBytes: number
}

const open = { do: 'open', budgetMs: 10_000, keepMs: 3_600_000 } as const
const clockMs = () => performance.timeOrigin + performance.now()

/** Nothing for a store that serves one process: there reads see what was written by the store's own contract. */
export async function measureVisibility(
  ground: StoreGround,
  withMemcached: boolean,
  { publishes, bodyBytes }: VisibleOptions,
): Promise<Record<string, number>> {
  if (!ground.isShared) return {}
  const [publisher, reader] = [new StoreProcess(ground.environment), new StoreProcess(ground.environment)]
  const config = ground.config(withMemcached)
  try {
    await Promise.all([publisher.tell({ ...open, config }), reader.tell({ ...open, config })])
    const durationsMs: number[] = []
    const first = withMemcached ? 4_000_000 : 3_000_000
    for (let i = 0; i < publishes; i++) {
      const { bodies } = await publisher.tell({ do: 'publish', first: first + i, count: 1, everyMs: 0, bodyBytes })
      const acknowledgedMs = clockMs()
      const [body] = bodies
      if (!body) throw new Error(`${ground.name} did not keep a body`)
      durationsMs.push((await reader.tell({ do: 'await', body })).atMs - acknowledgedMs)
    }
    const title = `${ground.name}${withMemcached ? '_memcached' : ''}`
    return {
      [`read_your_writes_ms_p50.${title}`]: quantile(durationsMs, 0.5),
      [`read_your_writes_ms_p99.${title}`]: quantile(durationsMs, 0.99),
    }
  } finally {
    await Promise.all([publisher.stop(), reader.stop()])
  }
}
