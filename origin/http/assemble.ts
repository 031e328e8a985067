import { now } from '../../process/clock.ts'
import { logged } from '../../process/decision-log.ts'
import { decisionLogOf } from '../../process/log-on-demand.ts'
import type { StoreRead } from '../core/limiter.ts'
import { OriginCore, originInputs } from '../core/origin-core.ts'
import type { OriginCoreConfig } from '../core/origin-state.ts'
import { FaultyStore } from '../store/faulty.ts'
import type { OpenOptions } from '../store/open-store.ts'
import type { SegmentStore } from '../store/segment-store.ts'
import type { OriginConfig } from './config.ts'
import { openPatiently } from './open-patiently.ts'
import { OriginBooks } from './origin-books.ts'
import { OriginRuntime } from './origin-runtime.ts'
import { OriginStore } from './origin-store.ts'
import { StateKeeper } from './state-keeper.ts'

// The parts of an origin without its listeners: core, store, books, log.

export interface OriginAssembly {
  readonly origin: OriginRuntime
  readonly keeper: StateKeeper
  readonly faulty: FaultyStore
  close(): Promise<void>
}

/** Rejects with a StoreError where the configured store cannot be opened; `given` is used instead of that one. */
export async function assembleOrigin(config: OriginConfig, given?: SegmentStore): Promise<OriginAssembly> {
  const books = new OriginBooks(config.name, config.region)
  const faulty = new FaultyStore(given ?? (await openPatiently(config, openOptionsOf(config, books))))
  const { region, seed, event, backlogUntilMs, limiter } = config
  const coreConfig: OriginCoreConfig = { event, region, seed, limiter, startedMs: now(), backlogUntilMs }
  const log = decisionLogOf(config)
  log.write({ log: 'tidegate-decisions/1', role: 'origin', name: config.name, config: coreConfig })
  const core = logged(new OriginCore(coreConfig), originInputs, log)
  const store = new OriginStore({
    event: event.event,
    store: faulty,
    budgetMs: event.segmentMs,
    count: (name, by) => books.count(name, by),
    time: (name, durationMs) => books.time(name, durationMs),
    readEnded: (read, atMs) => countRead(core, books, read, atMs),
  })
  const origin = new OriginRuntime({ config, core, store, books, log })
  return {
    origin,
    keeper: new StateKeeper(origin),
    faulty,
    async close() {
      origin.stop()
      await store.close()
      await log.close()
    },
  }
}

/** What a store is told of the event: nothing of it is kept for longer than the index knows it. */
const openOptionsOf = ({ event }: OriginConfig, observer: OriginBooks): OpenOptions => ({
  observer,
  budgetMs: event.segmentMs,
  keepMs: event.dvrWindowMs + 2 * event.retryDeadlineMs,
})

function countRead(core: OriginCore, books: OriginBooks, read: StoreRead, atMs: number): void {
  const { isSlow, began } = core.readEnded(read, atMs)
  books.count('limiter.reads')
  if (isSlow) books.count('limiter.slow_reads')
  if (began) books.count('limiter.started')
}
