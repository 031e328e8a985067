import { listen, listenForControl, urlOf } from '../../process/control.ts'
import { type DecisionLog, logged, noDecisionLog } from '../../process/decision-log.ts'
import { decisionLogOf, logRoutes } from '../../process/log-on-demand.ts'
import { EdgeCore } from '../core/edge.ts'
import { policyOf } from '../core/policy.ts'
import { logAccesses } from './access-log.ts'
import { type EdgeConfig, type EdgeConfigInput, edgeConfigSchema } from './config.ts'
import { controlRoutes } from './control.ts'
import { EdgeDriver } from './driver.ts'
import { EdgeRecorder } from './edge-recorder.ts'
import { EventConfigs } from './event-configs.ts'
import { exportMetrics } from './metrics.ts'
import { Readiness } from './readiness.ts'
import { Responder } from './responder.ts'
import { createPlayersServer, type ListenerBounds } from './server.ts'

// Puts one edge together: the pure core, its driver, the players' listener and the control listener.

export interface RunningEdge {
  /** Of the players' listener. */
  readonly url: string
  readonly controlUrl: string
  /** Of all listeners, by purpose; `metrics` where it is on. */
  readonly urls: Record<string, string>
  /** Drains: running requests end, then everything is closed. */
  close(): Promise<void>
}

/** Every input of the core that the driver uses, for the decision log; `ask` has its `admit` within it. */
const inputs = [
  'ask',
  'fetchHead',
  'fetchBytes',
  'fetchEnd',
  'fetchFailed',
  'leave',
  'unread',
  'wake',
  'learn',
  'learnFailed',
  'siblings',
  'siblingAlive',
  'originAlive',
  'setPolicy',
  'flush',
] as const satisfies readonly (keyof EdgeCore)[]

/** How long a starting edge waits for the origin to know its events. */
const learnWithinMs = 5_000
const learnAgainMs = 250

/** Starts an edge; resolves when it listens and knows its events. */
export async function startEdge(
  given: EdgeConfigInput,
  controlToken: string,
  bounds: ListenerBounds = {},
): Promise<RunningEdge> {
  const config = edgeConfigSchema.parse(given)
  const { name, site, seed, storeBytes } = config
  const policy = policyOf(config.preset, config.switches)
  const log = decisionLogOf(config)
  const { origins } = config
  const regions = origins.flatMap(({ region }) => region ?? [])
  const coreConfig = { name, site, seed, policy, storeBytes, origins: regions }
  const core = loggedCore(coreConfig, log)
  const recorder = new EdgeRecorder(name, site)
  const events = new EventConfigs({ origins: () => originUrls(core, origins), edge: name, site })
  const responder = new Responder(core, config)
  const driver = new EdgeDriver({ name, site, origins, core, responder, recorder, events, log })
  const readiness = new Readiness(config.events, event => driver.learn(event))
  const accessLog = await logAccesses(config.accessLog, name, recorder)
  const { server, drain } = createPlayersServer({
    name,
    recorder,
    log,
    bounds,
    notReady: () => readiness.notReady(),
    handle: exchange => driver.handle(exchange),
    fastPath: config.fastPath
      ? { core, copies: driver.copies, responder, asksEachTime: log !== noDecisionLog }
      : undefined,
  })
  driver.setTopology(config.edges)
  await Promise.all(config.events.map(event => learnAtStart(readiness, name, event)))
  await listen(server, config.port, config.host)
  const control = await listenForControl(
    {
      ...controlRoutes({ name, site, driver, recorder, evictions: () => core.stats().evictions }, policy),
      ...logRoutes(log),
    },
    { host: config.host, port: config.controlPort, token: controlToken },
  )
  const metrics = await exportMetrics(config, { recorder, core, server, accessLog })
  readiness.opened()
  const [url, controlUrl] = [urlOf(server), control.url]
  return {
    url,
    controlUrl,
    urls: { players: url, control: controlUrl, ...(metrics ? { metrics: metrics.url } : {}) },
    async close() {
      await drain()
      await driver.close()
      await events.close()
      control.server.closeAllConnections()
      await new Promise(done => control.server.close(done))
      await metrics?.close()
      await Promise.all([log.close(), accessLog?.close()])
    },
  }
}

function loggedCore(config: ConstructorParameters<typeof EdgeCore>[0], log: DecisionLog): EdgeCore {
  log.write({ log: 'tidegate-decisions/1', role: 'edge', name: config.name, config })
  return logged(new EdgeCore(config), inputs, log)
}

/** URLs of the origins in the order in which the core would ask them now. */
function originUrls(core: EdgeCore, origins: EdgeConfig['origins']): string[] {
  const order = core.originOrder()
  if (order.length === 0) return origins.map(({ url }) => url)
  return order.flatMap(name => origins.find(({ region }) => region === name)?.url ?? [])
}

/** An edge without its event's template still works, and learns it with the first request: so this only warns. */
async function learnAtStart(readiness: Readiness, name: string, event: string): Promise<void> {
  const untilMs = performance.now() + learnWithinMs
  for (;;) {
    try {
      await readiness.learn(event)
      return
    } catch (error) {
      if (performance.now() + learnAgainMs > untilMs) {
        process.stderr.write(
          `tidegate: ${name}: the event ${event} is not known after ${learnWithinMs} ms (${(error as Error).message}); ` +
            'going on without it\n',
        )
        return
      }
      await new Promise(again => setTimeout(again, learnAgainMs))
    }
  }
}
