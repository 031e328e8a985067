import { createServer, type Server, type ServerOptions } from 'node:http'
import { limits } from '../../live/limits.ts'
import type { Ms } from '../../live/units.ts'
import { openAccessLog } from '../../process/access-log.ts'
import { now } from '../../process/clock.ts'
import type { ConnectionBounds } from '../../process/connections.ts'
import { listen, listenForControl, urlOf } from '../../process/control.ts'
import { logged, noDecisionLog, openDecisionLog } from '../../process/decision-log.ts'
import { guardListener, listenerOptions } from '../../process/http-guards.ts'
import { OriginCore, originInputs } from '../core/origin-core.ts'
import type { OriginCoreConfig } from '../core/origin-state.ts'
import { MemoryStore } from '../store/memory.ts'
import type { OriginConfig } from './config.ts'
import { controlRoutes } from './control-routes.ts'
import { Delivery } from './delivery.ts'
import { exportMetrics } from './metrics.ts'
import { OriginBooks } from './origin-books.ts'
import { OriginRuntime } from './origin-runtime.ts'
import { Publish } from './publish.ts'

// Puts an origin together: two sides on listeners of their own, and a third for operators.

export interface OriginTokens {
  /** What packagers show. */
  readonly publish: string
  /** What operators show. */
  readonly control: string
}

export interface RunningOrigin {
  readonly urls: {
    readonly delivery: string
    readonly publish: string
    readonly control: string
    /** Where it is on. */
    readonly metrics?: string
  }
  /** Drains: new connections are refused, requests under way end by themselves. */
  close(): Promise<void>
}

/** Parts and bounds that a test may want otherwise. */
export interface OriginParts {
  readonly store?: OriginRuntime['store']
  readonly slowReaderMs?: Ms
  readonly clientConnections?: number
  readonly listener?: Pick<ServerOptions, 'requestTimeout' | 'headersTimeout' | 'connectionsCheckingInterval'>
}

/** Starts an origin; resolves when all of its listeners are open. */
export async function startOrigin(
  config: OriginConfig,
  tokens: OriginTokens,
  parts: OriginParts = {},
): Promise<RunningOrigin> {
  const { region, seed, event, backlogUntilMs } = config
  const coreConfig: OriginCoreConfig = { event, region, seed, startedMs: now(), backlogUntilMs }
  const log = config.decisionLog ? openDecisionLog(config.decisionLog, config.decisionLogBytes) : noDecisionLog
  log.write({ log: 'tidegate-decisions/1', role: 'origin', name: config.name, config: coreConfig })
  const origin = new OriginRuntime({
    config,
    core: logged(new OriginCore(coreConfig), originInputs, log),
    store: parts.store ?? new MemoryStore(),
    books: new OriginBooks(config.name),
    log,
  })
  const options = { ...listenerOptions, ...parts.listener }
  const accessLog = config.accessLog && (await openAccessLog(config.accessLog, config.name))
  if (accessLog) origin.books.watch((entry, endedMs) => accessLog.write({ entry, endedMs }))
  let isOpen = false
  const delivery = new Delivery(origin, {
    draining: () => origin.draining,
    notReady: () => (isOpen ? (origin.core.faults().down ? 'a fault switch makes it refuse' : undefined) : 'starting'),
  })
  const publish = new Publish(origin, tokens.publish)
  const { slowReaderMs, clientConnections } = parts
  const bounds: ConnectionBounds = { slowReaderMs, clientConnections, count: name => origin.books.guarded(name) }
  const deliveryServer = guardListener(
    createServer(options, (q, s) => delivery.handle(q, s)),
    bounds,
  )
  const publishServer = guardListener(
    createServer(options, (q, s) => publish.handle(q, s)),
    { ...bounds, connections: limits.publishConnections },
  )
  publishServer.on('checkContinue', (q, s) => publish.handle(q, s, () => s.writeContinue()))
  const opened: Server[] = []
  try {
    await listen(deliveryServer, config.deliveryPort, config.host)
    opened.push(deliveryServer)
    await listen(publishServer, config.publishPort, config.host)
    opened.push(publishServer)
    const urls = { delivery: urlOf(deliveryServer), publish: urlOf(publishServer) }
    const options = { host: config.host, port: config.controlPort, token: tokens.control }
    const control = await listenForControl(controlRoutes(origin, urls), options)
    opened.push(control.server)
    const servers = { delivery: deliveryServer, publish: publishServer }
    const metrics = await exportMetrics({ origin, servers, accessLog })
    isOpen = true
    return {
      urls: { ...urls, control: control.url, ...(metrics ? { metrics: metrics.url } : {}) },
      close: async () => {
        origin.draining = true
        await Promise.all([end(deliveryServer), end(publishServer)])
        await end(control.server)
        origin.stop()
        await origin.store.close()
        await metrics?.close()
        await Promise.all([log.close(), accessLog?.close()])
      },
    }
  } catch (error) {
    await Promise.all(opened.map(end))
    await Promise.all([log.close(), accessLog?.close()])
    throw error
  }
}

/** Closes a listener when its requests under way have ended; connections without one are closed at once. */
const end = (server: Server): Promise<void> =>
  new Promise(done => {
    server.close(() => done())
    server.closeIdleConnections()
  })
