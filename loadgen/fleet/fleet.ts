import { sample } from '../../live/distribution.ts'
import type { LiveEvent } from '../../live/event.ts'
import { RandomStream } from '../../live/random.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import type { ProfileName, Scenario } from '../../scenarios/schema.ts'
import type { PlayerSetup } from '../player/player-io.ts'
import { absences, joinMs, type RunTimes } from './arrivals.ts'

// A fleet as a seeded arrival process. What player k does depends on scenario, seed and k only: not on how many others
// there are, nor on the shard that runs it.

export interface FleetSource extends RunTimes {
  readonly fleet: Scenario['fleet']
  readonly event: LiveEvent
  readonly seed: number
  /** The run's start: arrivals count from here. */
  readonly startMs: EpochMs
  readonly durationMs: Ms
}

/** A player, and where it belongs: two numbers in [0, 1) that the driver maps to a site and to an edge of it. */
export interface FleetPlayer extends PlayerSetup {
  readonly siteFraction: number
  readonly edgeFraction: number
}

/** A shard of a fleet: it has every `of`-th player, beginning with `index` (from 0). */
export interface Shard {
  readonly index: number
  readonly of: number
}

/** Which of `count` places `fraction` falls on; 0 when there is none. */
export const placeOf = (fraction: number, count: number): number => Math.min(count - 1, Math.floor(fraction * count))

/** Player `index` of the fleet. */
export const setupOf = (source: FleetSource, index: number): FleetPlayer =>
  drawSetup(source, index, new RandomStream(source.seed, `player/${index}`))

/** The place of the draw of a player's clock error among its draws. */
export const clockDraw = 9

/**
 * A player of the fleet, drawn from `stream`. Every draw is made in a fixed order, whether it is used or not, so that a
 * stream of another kind (sim/bulk spreads its few players evenly over every draw) draws from the same fleet.
 */
export function drawSetup(
  { fleet, event, seed, startMs, durationMs }: FleetSource,
  index: number,
  stream: RandomStream,
): FleetPlayer {
  const run = { startMs, durationMs }
  const profile = profileAt(fleet.profiles, stream.next())
  const siteFraction = stream.next()
  const edgeFraction = stream.next()
  const seeks = stream.next() < fleet.dvrShare
  const seekAfter = stream.next()
  const seekBehind = stream.next()
  const polls = stream.next() < (fleet.earlyPollers?.share ?? 0)
  const joinedMs = joinMs(fleet.arrivals, run, stream)
  const clockErrorMs = sample(fleet.clockError, stream)
  const wave = absences(fleet.arrivals, run, joinedMs, stream)
  const sessionMs = fleet.session === undefined ? Infinity : Math.max(0, sample(fleet.session, stream))
  const leaveMs = Math.min((wave.leaveMs ?? Infinity) as number, (joinedMs as number) + sessionMs)
  return {
    index,
    seed,
    profile,
    event,
    clockErrorMs,
    joinMs: joinedMs,
    leaveMs: Number.isFinite(leaveMs) ? leaveMs : undefined,
    away: wave.away,
    seek: seeks ? seekFrom(event, joinedMs, seekAfter, seekBehind) : undefined,
    poller: polls ? fleet.earlyPollers : undefined,
    siteFraction,
    edgeFraction,
  }
}

/** The indices of a shard, in order. Throws RangeError for a shard that does not exist. */
export function* shardIndices(players: number, { index, of }: Shard = { index: 0, of: 1 }): Generator<number> {
  if (!(Number.isInteger(of) && Number.isInteger(index) && index >= 0 && index < of)) {
    throw new RangeError(`shard ${index} of ${of}: the index goes from 0 to one below the number of shards`)
  }
  for (let k = index; k < players; k += of) yield k
}

/**
 * The players of a shard in the order in which they join (equal instants: by index). Setups are made when they are asked
 * for; what is kept meanwhile is 12 bytes for each player.
 */
export function* playerSetups(source: FleetSource, shard?: Shard): Generator<FleetPlayer> {
  const indices = Uint32Array.from(shardIndices(source.fleet.players, shard))
  const joins = Float64Array.from(indices, index => setupOf(source, index).joinMs as number)
  const order = indices.map((_, position) => position)
  order.sort((a, b) => (joins[a] as number) - (joins[b] as number) || a - b)
  for (const position of order) yield setupOf(source, indices[position] as number)
}

/**
 * The players by which a fleet that has `source.fleet.players` grows to `players` at `now`: they come as the first ones
 * came, by the same arrivals, counted from now (from the run's start where that is still to come).
 */
export function addedSetups(source: FleetSource, players: number, now: EpochMs, shard?: Shard): Iterator<FleetPlayer> {
  const { fleet, startMs, durationMs } = source
  const at = Math.max(startMs as number, now as number)
  const leftMs = Math.max(0, (startMs as number) + (durationMs as number) - at)
  const grown = { ...source, fleet: { ...fleet, players }, startMs: at, durationMs: leftMs }
  return playerSetups(grown, shard).filter(({ index }) => index >= fleet.players)
}

/** Profiles by their shares, scaled to 1; by name, so that the order in which a file lists them does not matter. */
function profileAt(shares: Scenario['fleet']['profiles'], fraction: number): ProfileName {
  const entries = (Object.entries(shares) as [ProfileName, number][]).sort(([a], [b]) => (a < b ? -1 : 1))
  const total = entries.reduce((sum, [, share]) => sum + share, 0)
  let below = 0
  for (const [name, share] of entries) {
    below += share
    if (fraction * total < below) return name
  }
  return entries.at(-1)?.[0] ?? 'hls.js'
}

/**
 * A seek into the DVR window: 1 to 5 s after the join, to anywhere between twice the event's suggested delay and the
 * oldest segment that is there by then (assumption; the fact file states only how many players do it).
 */
function seekFrom(event: LiveEvent, joinedMs: EpochMs, after01: number, behind01: number): PlayerSetup['seek'] {
  const atMs = after(joinedMs, 1_000 + after01 * 4_000)
  const thereMs = Math.max(0, Math.min(event.dvrWindowMs, (atMs as number) - event.startMs) * 0.95)
  const nearestMs = Math.min(2 * event.suggestedDelayMs, thereMs / 2)
  return { atMs, behindMs: nearestMs + behind01 * (thereMs - nearestMs) }
}
