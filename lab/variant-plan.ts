import type { LiveEvent } from '../live/event.ts'
import { now } from '../process/clock.ts'
import type { Variant } from '../results/record/record.ts'
import type { Scenario } from '../scenarios/schema.ts'
import type { Contender } from './contenders.ts'
import { eventOf } from './event-of.ts'
import { eventThrough } from './event-through.ts'
import { HarnessError } from './harness-error.ts'
import type { Listening } from './origins.ts'
import type { RunStorage } from './storage/run-storage.ts'
import type { WorldPlan } from './world.ts'

// What a variant's world is made from: where the origin is, whose event it is, what players may send.

export interface PlanOptions {
  readonly decisionLogs: boolean
  readonly runStorage: RunStorage
  /** For an edge that runs already: where our origin shall be that it fills from; absent: it has one of its own. */
  readonly origin?: Listening | undefined
  /** For an edge that runs already: how many requests players may send. */
  readonly requestBudget?: number | undefined
}

/** What the world of `contender` is made from, and what the record says of the contender itself. */
export async function planFor(
  scenario: Scenario,
  contender: Contender,
  options: PlanOptions,
  folder: string,
): Promise<{ plan: WorldPlan; own: Variant['policy'] }> {
  const { decisionLogs, requestBudget, runStorage } = options
  const common = { scenario, contender, folder, decisionLogs, runStorage }
  const event = eventOf(scenario, now())
  const here = { host: '127.0.0.1', port: 0 }
  switch (contender.is) {
    case 'policy':
      return { plan: { ...common, event, origin: here }, own: contender.policy.policy }
    case 'peer': {
      const { kind, version, variant, configFile } = contender
      const own = { edge: kind, version, ...(configFile === undefined ? { variant } : { configFile }) }
      return { plan: { ...common, event, origin: here }, own }
    }
    case 'url': {
      const { url } = contender
      const { origin } = options
      const seen = origin === undefined ? await eventBehind(url, scenario.name) : event
      return { plan: { ...common, event: seen, origin, requestBudget }, own: { edge: url, requestBudget } }
    }
  }
}

/** The event that an edge with an origin of its own has. Throws HarnessError. */
async function eventBehind(url: string, name: string): Promise<LiveEvent> {
  try {
    return await eventThrough(url, name)
  } catch (error) {
    throw new HarnessError(
      `${url} does not answer /live/${name}/event.json with a live event (${(error as Error).message}): let it fill from an origin that has one, or from ours (--origin-port)`,
    )
  }
}
