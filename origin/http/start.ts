import type { Server, ServerOptions } from 'node:http'
import type { Ms } from '../../live/units.ts'
import { openAccessLog } from '../../process/access-log.ts'
import { listen, listenForControl, urlOf } from '../../process/control.ts'
import type { SegmentStore } from '../store/segment-store.ts'
import { assembleOrigin, type OriginAssembly } from './assemble.ts'
import { type OriginConfig, publishes } from './config.ts'
import { controlRoutes } from './control-routes.ts'
import { Feed } from './feed.ts'
import { Following } from './following.ts'
import { exportMetrics } from './metrics.ts'
import type { OriginRuntime } from './origin-runtime.ts'
import { recover } from './recovery.ts'
import { makeSides } from './sides.ts'

// Puts an origin together: the sides of its role on listeners of their own, and one more for operators.

export interface OriginTokens {
  /** What packagers show. */
  readonly publish: string
  /** What operators show, and processes that follow others. */
  readonly control: string
}

export interface RunningOrigin {
  readonly urls: {
    /** Absent: the process has another role. */
    readonly delivery?: string
    readonly publish?: string
    readonly control: string
    /** Where it is on. */
    readonly metrics?: string
  }
  /** Drains: new connections are refused, requests under way end by themselves. */
  close(): Promise<void>
}

/** Parts and bounds that a test may want otherwise. */
export interface OriginParts {
  /** Instead of the one that the configuration names. */
  readonly store?: SegmentStore
  readonly slowReaderMs?: Ms
  readonly clientConnections?: number
  readonly listener?: Pick<ServerOptions, 'requestTimeout' | 'headersTimeout' | 'connectionsCheckingInterval'>
}

/** What must be given back, in the order in which it was taken; given back the other way round. */
class Held {
  readonly #ends: (() => unknown)[] = []

  add(end: () => unknown): void {
    this.#ends.push(end)
  }

  async end(): Promise<void> {
    for (let end = this.#ends.pop(); end; end = this.#ends.pop()) await end()
  }
}

/**
 * Starts an origin; resolves when all listeners of its role are open. Rejects with a StoreError where its store cannot be
 * used.
 */
export async function startOrigin(
  config: OriginConfig,
  tokens: OriginTokens,
  parts: OriginParts = {},
): Promise<RunningOrigin> {
  const held = new Held()
  try {
    const assembly = await assembleOrigin(config, parts.store)
    held.add(() => assembly.close())
    await tellWhatWasFound(assembly)
    const urls = await openListeners(assembly, tokens, parts, held)
    return { urls, close: () => held.end() }
  } catch (error) {
    await held.end()
    throw error
  }
}

/** What the store holds of an earlier life is taken up before anybody is let in. */
async function tellWhatWasFound({ origin, keeper }: OriginAssembly): Promise<void> {
  const commanded = await keeper.load()
  const stored = await recover(origin)
  const found = [stored, commanded].filter(part => part !== undefined)
  if (found.length === 0) return
  const { name, event } = origin.config
  process.stderr.write(`tidegate: ${name} found in its store of ${event.event}: ${found.join('; ')}\n`)
}

async function openListeners(
  { origin, keeper, faulty }: OriginAssembly,
  tokens: OriginTokens,
  parts: OriginParts,
  held: Held,
): Promise<RunningOrigin['urls']> {
  const { config, books } = origin
  const accessLog = config.accessLog && (await openAccessLog(config.accessLog, config.name))
  held.add(() => accessLog?.close())
  if (accessLog) books.watch((entry, endedMs) => accessLog.write({ entry, endedMs }))
  const feed = publishes(config.role) ? openFeed(origin) : undefined
  const followings = config.follow.map(followed => new Following({ origin, followed, token: tokens.control, keeper }))
  const servers: Record<string, Server> = {}
  const urls: Record<string, string> = {}
  const metrics = await exportMetrics({ origin, servers, accessLog, feed, followings })
  held.add(() => metrics?.close())
  const control = await listenForControl(controlRoutes({ origin, keeper, faulty, feed, followings, listen: urls }), {
    host: config.host,
    port: config.controlPort,
    token: tokens.control,
    streams: feed ? { 'GET /feed': (_, response) => feed.take(response) } : {},
  })
  held.add(() => end(control.server))
  // What is held is released by what is followed, and what is being put is announced: these end after the sides.
  held.add(() => {
    feed?.close()
    for (const following of followings) following.close()
  })
  const open = { isOpen: false }
  for (const { side, server, port } of makeSides(origin, tokens.publish, parts, open)) {
    await listen(server, port, config.host)
    held.add(() => end(server))
    servers[side] = server
    urls[side] = urlOf(server)
  }
  held.add(() => {
    origin.draining = true
    for (const server of Object.values(servers)) void end(server)
  })
  for (const following of followings) following.start()
  open.isOpen = true
  return { ...urls, control: control.url, ...(metrics ? { metrics: metrics.url } : {}) }
}

function openFeed(origin: OriginRuntime): Feed {
  const { name, region } = origin.config
  const feed = new Feed({ name, region, core: origin.core, books: origin.books })
  origin.announce = line => feed.announce(line)
  origin.announcePush = pipeline => feed.announcePush(pipeline)
  return feed
}

/** Closes a listener when its requests under way have ended; connections without one are closed at once. */
const end = (server: Server): Promise<void> =>
  new Promise(done => {
    server.close(() => done())
    server.closeIdleConnections()
  })
