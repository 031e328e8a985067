import { z } from 'zod'
import { now } from '../../process/clock.ts'
import type { ControlRoutes } from '../../process/control.ts'
import { logRoutes } from '../../process/log-on-demand.ts'
import type { FaultyStore } from '../store/faulty.ts'
import { audit } from './audit.ts'
import { auditSchema } from './audit-schema.ts'
import type { Feed } from './feed.ts'
import type { Following } from './following.ts'
import { nothing, operatorCommands } from './operator-commands.ts'
import type { OriginRuntime } from './origin-runtime.ts'
import type { StateKeeper } from './state-keeper.ts'

// The control listener's routes, by docs/processes.md.

const faultsSchema = z.strictObject({
  shed: z.boolean().optional(),
  slowMs: z.number().min(0).max(60_000).optional(),
  down: z.boolean().optional(),
  storeSlowMs: z.number().min(0).max(60_000).optional(),
  storeFails: z.boolean().optional(),
})

export interface ControlParts {
  readonly origin: OriginRuntime
  readonly keeper: StateKeeper
  readonly faulty: FaultyStore
  readonly feed: Feed | undefined
  readonly followings: readonly Following[]
  /** URLs of the other listeners, by purpose. */
  readonly listen: Record<string, string>
}

/** The routes of the origin's control listener. */
export function controlRoutes(parts: ControlParts): ControlRoutes {
  const { books, store } = parts.origin
  return {
    'GET /state': () => stateOf(parts),
    'GET /record': () => books.part(),
    ...operatorCommands(parts.origin, parts.keeper),
    'POST /faults': body => setFaults(parts, faultsSchema.parse(body)),
    ...logRoutes(parts.origin.log),
    'POST /audit': body => audit(store, auditSchema.parse(body).acknowledged),
    'POST /reset': body => {
      nothing.parse(body)
      books.reset()
      return {}
    },
  }
}

async function stateOf({ origin, faulty, feed, followings, listen }: ControlParts): Promise<object> {
  const { books, core, config, store } = origin
  const atMs = now()
  return {
    name: config.name,
    region: config.region,
    role: config.role,
    atMs,
    listen,
    event: core.eventConfig(),
    notifications: core.notificationState(),
    ...core.summary(),
    limiter: core.limiter(atMs),
    followers: feed?.followers ?? 0,
    follows: followings.map(following => following.state()),
    sites: books.traffic(),
    counts: Object.fromEntries(books.counts()),
    store: { is: config.store.is, ...(await storeState(store)), faults: faulty.faults },
  }
}

/** A store that is lost must not hide the rest. */
const storeState = (store: OriginRuntime['store']): Promise<object> =>
  store.stats().catch((error: Error) => ({ unavailable: error.message }))

function setFaults({ origin, faulty }: ControlParts, given: z.infer<typeof faultsSchema>): object {
  const { storeSlowMs, storeFails, ...ofCore } = given
  faulty.setFaults({
    ...(storeSlowMs === undefined ? {} : { slowMs: storeSlowMs }),
    ...(storeFails === undefined ? {} : { fails: storeFails }),
  })
  const { slowMs, fails } = faulty.faults
  return { ...origin.core.setFaults(ofCore), storeSlowMs: slowMs, storeFails: fails }
}
