import { z } from 'zod'
import { nextCaptureStart } from '../live/template.ts'
import { after, type EpochMs, type Ms } from '../live/units.ts'
import { now } from '../process/clock.ts'
import type { RecordedAction } from '../results/faults.ts'
import { carryOut } from './actions.ts'
import { HarnessError } from './harness-error.ts'
import { askUntil, until } from './wait.ts'
import type { World } from './world.ts'

// The storm of a variant: the fleet in time for its first player, the actions of the scenario, and what ends it.

/** A fleet takes about as long to start as a process did alone, twice that with its workers; and a moment to join. */
const fleetLead = (processStartMs: Ms): Ms => 600 + 2 * (processStartMs as number)
/** The fleet must be ready this long before its first player is planned; else it is started anew, with twice the lead. */
const marginMs: Ms = 100
const fleetStarts = 4
/** Between two looks at a request budget. */
const budgetLookMs: Ms = 200
/** Shares of a variant's time that the progress gives to its phases. */
export const storming = { from: 0.2, to: 0.95 }

/** Starts the fleet and every count in time for its first player; gives the instant at which the storm begins. */
export async function startFleet(world: World, signal: AbortSignal): Promise<EpochMs> {
  let leadMs = fleetLead(world.processStartMs) as number
  for (let attempt = 1; attempt <= fleetStarts; attempt++, leadMs *= 2) {
    // Every storm meets the same phase.
    const startMs = nextCaptureStart(world.plan.event, after(now(), leadMs))
    await world.startFleet(startMs, signal)
    // The counts begin anew in time, too: a reset behind the first player would forget it.
    await world.processes.reset()
    if (now() <= after(startMs, -(marginMs as number))) return startMs
    await world.processes.dismiss('fleet')
  }
  throw new HarnessError(
    `the fleet was not ready in time, not even with a lead of ${leadMs / 2} ms: is the machine idle?`,
  )
}

export interface StormOptions {
  /** Aborted: the storm ends now, and what there is is gathered. */
  readonly signal: AbortSignal
  /** What is being done, for people, and how far the variant is, 0 to 1. */
  readonly tell: (doing: string, done: number) => void
}

export interface Storm {
  readonly actions: RecordedAction[]
  readonly endedMs: EpochMs
  readonly partial: boolean
  /** After how long the players' request budget was spent, where it was. */
  readonly budgetSpentMs: Ms | undefined
}

/** Waits out the storm and acts in it. An abort ends it early; the death of a process is thrown. */
export async function storm(world: World, startMs: EpochMs, { signal, tell }: StormOptions): Promise<Storm> {
  const { scenario, contender, requestBudget } = world.plan
  const actions: RecordedAction[] = []
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const show = setInterval(() => {
    const part = ((now() as number) - (startMs as number)) / scenario.durationMs
    const done = storming.from + Math.min(1, Math.max(0, part)) * (storming.to - storming.from)
    tell(part < 0 ? 'waiting for the kick-off' : `${scenario.fleet.players} players storm ${contender.name}`, done)
  }, 100)
  let budgetSpentMs: Ms | undefined
  const budget = spent(world, requestBudget, either).then(() => {
    budgetSpentMs = (now() as number) - (startMs as number)
  })
  // Rejects with what ends the storm badly: a process that died, an action that was refused.
  const failure = new Promise<never>((_, fail) => {
    world.death.then(fail)
    carryOut(scenario.actions, world, { startMs, signal: either, tell: done => actions.push(done) }).catch(error => {
      if (!either.aborted) fail(error)
    })
  })
  try {
    await Promise.race([until(after(startMs, scenario.durationMs), either), failure, budget])
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    clearInterval(show)
    over.abort()
  }
  return { actions, endedMs: now(), partial: signal.aborted, budgetSpentMs }
}

/** What the lab reads of a fleet's `GET /state`. */
const fleetState = z.object({ budgetLeft: z.number(), inFlight: z.number() })

/** Resolves when the fleet has spent its request budget; never where it has none. Rejects when `signal` aborts. */
async function spent(world: World, budget: number | undefined, signal: AbortSignal): Promise<void> {
  if (budget === undefined) return new Promise(() => undefined)
  const { durationMs } = world.plan.scenario
  await askUntil(
    'the end of the request budget',
    async () => {
      const { budgetLeft, inFlight } = fleetState.parse(await world.control('fleet').get('/state'))
      return budgetLeft + inFlight === 0 ? true : undefined
    },
    { everyMs: budgetLookMs, withinMs: 2 * durationMs + 60_000, signal },
  )
}
