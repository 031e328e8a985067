import { ControlError, listenForControl } from '../../process/control.ts'
import type { Part } from '../../results/record/part.ts'
import { type FleetConfig, fleetCommandSchema, targetsCommandSchema } from './config.ts'
import { runHere } from './fleet-here.ts'
import { exportMetrics } from './metrics.ts'
import { planOf, tooManyPlayers } from './plan.ts'
import { runInWorkers } from './workers.ts'

// One fleet process: the fleet, and the listener by which it is controlled.

export interface FleetProcess {
  readonly controlUrl: string
  /** Where `metricsPort` is given. */
  readonly metricsUrl: string | undefined
  /** The part, when the storm is over: at its end, or after `close`. */
  readonly done: Promise<Part>
  /** Everybody leaves; the listener closes. A second call waits for the first. */
  close(): Promise<void>
}

/**
 * Starts a fleet; resolves when its control listener is open and its players are on their way. `token` is the control
 * listener's. Throws ConfigurationError.
 */
export async function startFleet(config: FleetConfig, token: string): Promise<FleetProcess> {
  const plan = await planOf(config)
  const { index, of } = config.shard
  const fleet = config.workers > 1 ? await runInWorkers(plan) : await runHere(plan, { index: index - 1, of })
  const { server, url } = await listenForControl(
    {
      'GET /state': () => fleet.state(),
      'GET /record': () => fleet.record(),
      'POST /fleet': body => {
        const { players } = fleetCommandSchema.parse(body)
        const tooMany = tooManyPlayers(players, config)
        if (tooMany !== undefined) throw new ControlError(400, tooMany)
        return fleet.resize(players)
      },
      'POST /targets': body => fleet.retarget(targetsCommandSchema.parse(body).sites),
      'POST /reset': () => fleet.reset(),
    },
    { host: config.host, port: config.controlPort, token },
  )
  const metrics = await exportMetrics(config, fleet)
  const close = async (): Promise<void> => {
    await metrics?.close()
    await fleet.stop()
    server.closeAllConnections()
    await new Promise<void>(closed => server.close(() => closed()))
  }
  let closing: Promise<void> | undefined
  return {
    controlUrl: url,
    metricsUrl: metrics?.url,
    done: fleet.done,
    close() {
      closing ??= close()
      return closing
    },
  }
}
