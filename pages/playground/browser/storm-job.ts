import { parsePolicy, policyName } from '../../../lab/policies.ts'
import { auditPart } from '../../../lab/storage/audit.ts'
import { auditSimulated } from '../../../lab/storage/audit-simulated.ts'
import { withSettings } from '../../../scenarios/settings.ts'
import { withLatencies } from '../../../sim/calibration.ts'
import { defaultCalibration } from '../../../sim/default-calibration.ts'
import { bornMs, Simulation } from '../../../sim/exact/simulate.ts'
import { ExactWorld, type WorldPlan } from '../../../sim/exact/world.ts'
import { figuresOfSimulated } from '../../../sim/figures-of-simulated.ts'
import { mediaFrom } from '../../../sim/media.ts'
import { wordsOfAction } from '../../report/words-of-action.ts'
import type { Base, PolicyChoice, StormInput } from '../input.ts'
import type { Moment, StormResult, StormState } from '../messages.ts'
import { Moments } from './moments.ts'
import { TracedWorld } from './traced-world.ts'

// One storm in exact mode, in steps of virtual time: what `tidegate sim` does with one policy, by the same cores.

/** One step: short beside a segment, so that the pulse of publications is seen. */
const stepMs = 250
/** After so many events somebody else gets a word in. */
const eventsATurn = 4_000
/** Which segment is followed: well behind the arrival of the fleet, and before the end of the shortest scenario. */
const tracedAfterMs = 9_000

/** As the command line names it. */
export const nameOf = ({ preset, switches }: PolicyChoice): string => policyName(preset, switches)

/** What `tidegate sim` would simulate by the command of `input`. */
function worldPlanOf({ scenario, event, media }: Base, input: StormInput): WorldPlan {
  const set = withSettings(scenario, input.settings)
  return {
    scenario: { ...set, fleet: { ...set.fleet, players: input.players } },
    policy: parsePolicy(nameOf(input.policy)).policy,
    event,
    media: mediaFrom(event, media),
    calibration: withLatencies(defaultCalibration, input.latencies),
    bornMs,
  }
}

export class StormJob {
  readonly #plan: WorldPlan
  readonly #policy: string
  readonly #world: ExactWorld
  readonly #simulation: Simulation
  readonly #moments: Moments
  #fresh: Moment[] = []
  #stepEndsMs: number
  #tookMs = 0

  constructor(base: Base, input: StormInput, trace: boolean) {
    this.#plan = worldPlanOf(base, input)
    this.#policy = nameOf(input.policy)
    this.#world = trace ? new TracedWorld(this.#plan, tracedAfterMs) : new ExactWorld(this.#plan)
    this.#simulation = new Simulation(this.#plan, this.#world)
    this.#moments = new Moments(this.#world)
    this.#stepEndsMs = this.#world.startMs as number
  }

  /** Goes on for about `turnMs` of real time; whether the storm is over. */
  work(turnMs: number): boolean {
    const beganMs = performance.now()
    let isOver = false
    while (!isOver && performance.now() - beganMs < turnMs) isOver = this.#goOn()
    this.#tookMs += performance.now() - beganMs
    return isOver
  }

  /** How far it is, with what happened since this was asked before. */
  state(): StormState {
    const { startMs, endMs, agenda } = this.#world
    const moments = this.#fresh
    this.#fresh = []
    const doneMs = Math.max(0, (agenda.nowMs as number) - (startMs as number))
    return { policy: this.#policy, doneMs, ofMs: (endMs as number) - (startMs as number), moments }
  }

  /** The end of it: the figures of a record, and what was followed. */
  async result(): Promise<StormResult> {
    const trace = this.#world instanceof TracedWorld ? this.#world.trace() : undefined
    // Nothing is left to happen: this marks the storm as over.
    while (this.#simulation.slice() !== undefined);
    const simulated = this.#simulation.finish()
    const audited = auditPart(await auditSimulated(this.#world))
    const { figures } = figuresOfSimulated(this.#plan.scenario, {
      ...simulated,
      parts: [...simulated.parts, audited],
    })
    const { startedMs } = simulated
    return {
      figures,
      decisions: simulated.decisions,
      actions: simulated.actions.map(({ atMs, action }) => ({
        atMs: (atMs as number) - (startedMs as number),
        what: wordsOfAction({ ...action }),
      })),
      tookMs: this.#tookMs,
      trace,
    }
  }

  #goOn(): boolean {
    const world = this.#world
    const untilMs = Math.min(this.#stepEndsMs, world.endMs as number)
    if (world instanceof TracedWorld) world.watchUntil(untilMs)
    else if (!world.run(untilMs, eventsATurn)) return false
    const moment = this.#moments.take()
    // The first step is what lay before the storm.
    if (this.#stepEndsMs > (world.startMs as number)) this.#fresh.push(moment)
    this.#stepEndsMs += stepMs
    return untilMs >= (world.endMs as number)
  }
}
