import type { EpochMs, Ms } from '../../live/units.ts'
import type { Measured } from '../../results/counted-segments.ts'
import type { RecordedAction } from '../../results/faults.ts'
import type { Part } from '../../results/record/part.ts'
import { scheduleActions } from './actions.ts'
import { ExactWorld, type WorldPlan } from './world.ts'

// One variant, from its world's birth to the end of its storm, in slices, so that whoever runs it can show how far it is
// and end it early.

export interface Simulated extends Measured {
  readonly parts: readonly Part[]
  /** Of everything that every core decided. */
  readonly decisions: { readonly hash: string; readonly words: number }
  /** Requests that players sent, and events of the world. */
  readonly requests: number
  readonly events: number
  readonly partial: boolean
}

export interface Slice {
  /** How much of the storm lies behind, and how much there is. */
  readonly doneMs: Ms
  readonly ofMs: Ms
  readonly requests: number
  readonly players: number
}

/** 2027-01-15T08:00:00Z: every simulated run is set up then. */
export const bornMs: EpochMs = 1_800_000_000_000

/** After so many events whoever runs it gets a word in: a few hundredths of a second. */
const eventsASlice = 20_000

export class Simulation {
  readonly world: ExactWorld
  readonly #actions: RecordedAction[] = []
  #isOver = false

  /** `world`: one that somebody looks into. */
  constructor(plan: WorldPlan, world: ExactWorld = new ExactWorld(plan)) {
    this.world = world
    scheduleActions(this.world, done => this.#actions.push(done))
  }

  /** Goes on for a while; undefined when the storm is over. */
  slice(): Slice | undefined {
    const { world } = this
    this.#isOver ||= world.run(world.endMs, eventsASlice)
    return this.#isOver ? undefined : this.#progress()
  }

  /** What was measured; `partial` when the storm was ended before its time. */
  finish(): Simulated {
    const { world } = this
    const partial = !this.#isOver
    // A storm that was ended before it began lasts no time at all, and no rate can be taken over that.
    const endedMs: EpochMs = partial
      ? Math.max(world.agenda.nowMs as number, (world.startMs as number) + 1)
      : world.endMs
    world.fleet.stop(endedMs)
    const parts = world.parts()
    return {
      parts,
      event: world.eventNow,
      startedMs: world.startMs,
      endedMs,
      actions: this.#actions,
      decisions: { hash: world.hash.digest(), words: world.hash.words },
      requests: world.fleet.tally.requests,
      events: world.agenda.events,
      partial,
    }
  }

  #progress(): Slice {
    const { world } = this
    const doneMs = Math.max(0, (world.agenda.nowMs as number) - (world.startMs as number))
    return {
      doneMs,
      ofMs: world.plan.scenario.durationMs,
      requests: world.fleet.tally.requests,
      players: world.fleet.tally.playersNow,
    }
  }
}
