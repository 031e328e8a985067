import { after } from '../../live/units.ts'
import { type DecisionLog, openDecisionLog } from '../../process/decision-log.ts'
import { Recorder } from '../../process/recorder.ts'
import type { Part } from '../../results/record/part.ts'
import type { FleetConfig } from './config.ts'
import { Crew } from './crew.ts'
import { readLanes } from './from-log.ts'
import type { FleetPlan } from './plan.ts'
import { type Lane, readReplayLog } from './replay-log.ts'
import { replayCast } from './replayer.ts'
import type { FleetState, RunningFleet } from './running-fleet.ts'
import { Storm } from './storm.ts'
import { Tally } from './tally.ts'
import { Transport } from './transport.ts'
import { waitBoundsMs } from './wait-buckets.ts'

// A fleet (or one shard of it) in this thread.

/** Starts the fleet of `plan`. `shard` is what falls to this thread, counted from 0. Throws ConfigurationError. */
export async function runHere(plan: FleetPlan, shard: { index: number; of: number }): Promise<RunningFleet> {
  const lanes = await lanesOf(plan, shard)
  const log = plan.decisionLog === undefined ? undefined : openDecisionLog(plan.decisionLog, plan.decisionLogBytes)
  log?.write({ log: 'tidegate-decisions/1', role: 'fleet', name: plan.name, config: plan })
  const fleet = new FleetHere(plan, shard, log)
  if (lanes === undefined) fleet.crew.start()
  else for (const lane of lanes) fleet.storm.add(replayCast(lane, plan.startMs, plan.replaySpeed, plan.seed))
  return fleet
}

/** What is replayed in place of players; undefined: players come. */
async function lanesOf(
  { replayLog, fromLog, event, log }: FleetPlan,
  shard: { index: number; of: number },
): Promise<Lane[] | undefined> {
  if (fromLog !== undefined && log) return readLanes(fromLog, shard, event.event, log.bytes)
  return replayLog === undefined ? undefined : readReplayLog(replayLog, shard)
}

/** An empty record; that of the first shard has what the lines of a replayed access log came to. */
function emptyRecord({ name, shard, log }: FleetPlan, index: number): Recorder {
  const recorder = new Recorder({ role: 'fleet', name, shard })
  if (log === undefined || index > 0) return recorder
  for (const [what, count] of Object.entries(log.counts)) recorder.count(`log_lines.${what}`, count)
  return recorder
}

class FleetHere implements RunningFleet {
  readonly crew: Crew
  readonly storm: Storm
  readonly done: Promise<Part>
  readonly #plan: FleetPlan
  readonly #tally: Tally
  readonly #transport: Transport
  readonly #closed: Promise<void>
  #sites: FleetConfig['sites']

  constructor(plan: FleetPlan, shard: { index: number; of: number }, log: DecisionLog | undefined) {
    const { fleet, event, seed, startMs, durationMs } = plan
    this.#plan = plan
    this.#sites = plan.sites
    this.#tally = new Tally(event, () => emptyRecord(plan, shard.index))
    this.#transport = new Transport(fleet.connections)
    this.storm = new Storm(
      {
        event,
        sites: plan.sites,
        endMs: after(startMs, durationMs),
        bitsPerSecond: fleet.bandwidthBitsPerSecond ?? Infinity,
        requestBudget: plan.requestBudget,
      },
      this.#tally,
      this.#transport,
      log,
    )
    const players = (plan.replayLog ?? plan.fromLog) === undefined ? fleet.players : 0
    const source = { fleet: { ...fleet, players }, event, seed, startMs, durationMs }
    this.crew = new Crew(source, shard, this.storm, log, plan.logPlayers)
    this.done = this.storm.over.then(() => this.#tally.part())
    this.#closed = this.storm.over.then(async () => {
      this.crew.stop()
      await Promise.all([this.#transport.close(), log?.close()])
    })
  }

  async resize(players: number): Promise<void> {
    this.crew.resize(players)
  }

  async retarget(sites: FleetConfig['sites']): Promise<void> {
    this.storm.retarget(sites)
    this.#sites = sites
  }

  async reset(): Promise<void> {
    this.#tally.reset()
  }

  async state(): Promise<FleetState> {
    const { shard, startMs, durationMs, requestBudget } = this.#plan
    const { inFlight, budgetLeft } = this.storm
    const { playersNow: present } = this.#tally
    const { players } = this.crew
    const counts = this.#tally.counts()
    const waits = { boundsMs: waitBoundsMs, counts: this.#tally.waits() }
    const state = { shard, players, present, inFlight, startMs, durationMs, sites: this.#sites, counts, waits }
    return requestBudget === undefined ? state : { ...state, budgetLeft }
  }

  async record(): Promise<Part> {
    return this.#tally.part()
  }

  async stop(): Promise<void> {
    this.storm.stop()
    await this.#closed
  }
}
