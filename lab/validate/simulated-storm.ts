import { setImmediate as breathe } from 'node:timers/promises'
import type { EdgePolicy } from '../../edge/core/policy.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../../sim/calibration.ts'
import { type Simulated, Simulation } from '../../sim/exact/simulate.ts'
import type { ExactWorld } from '../../sim/exact/world.ts'
import { syntheticMedia } from '../../sim/media.ts'
import { eventOf } from '../event-of.ts'

// A storm of exact mode for the levels that need no process.

/** 2027-01-15T08:00:00Z, as every simulated run. */
const bornMs = 1_800_000_000_000
/** Before the first player comes, when every edge stands. */
const aheadMs = 50
const breatheEveryMs = 100

export interface StormPlan {
  readonly scenario: Scenario
  readonly policy: EdgePolicy
  readonly calibration: Calibration
  readonly signal?: AbortSignal | undefined
  /** Called a moment before the storm begins. */
  readonly onReady?: (world: ExactWorld) => void
}

export interface SimulatedStorm {
  readonly simulated: Simulated
  readonly world: ExactWorld
}

/** Runs it to its end; undefined where `signal` has ended it. Lets other work of the process through meanwhile. */
export async function simulateStorm(plan: StormPlan): Promise<SimulatedStorm | undefined> {
  const { scenario, policy, calibration, signal } = plan
  const event = eventOf(scenario, bornMs)
  const simulation = new Simulation({ scenario, policy, event, media: syntheticMedia(event), calibration, bornMs })
  const { world } = simulation
  world.run((world.startMs as number) - aheadMs, Infinity)
  plan.onReady?.(world)
  let breathedMs = performance.now()
  while (simulation.slice() !== undefined) {
    if (performance.now() - breathedMs < breatheEveryMs) continue
    await breathe()
    if (signal?.aborted) return undefined
    breathedMs = performance.now()
  }
  return { simulated: simulation.finish(), world }
}
