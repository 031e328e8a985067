import type { RandomStream } from '../../live/random.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import type { Scenario } from '../../scenarios/schema.ts'

// When players come and go (facts/players-and-crowds.md, "Crowds"). The number of players is given, so that each one's
// instant is drawn by itself: Poisson arrivals of a known number are independent and uniform over their interval.

type Arrival = Scenario['fleet']['arrivals'][number]

/** The run that instants are relative to. */
export interface RunTimes {
  readonly startMs: EpochMs
  readonly durationMs: Ms
}

/** When a player joins. `ramp` and `push` shares are scaled to 1; without either, all join at the start. */
export function joinMs(arrivals: readonly Arrival[], run: RunTimes, stream: RandomStream): EpochMs {
  const group = stream.next()
  const within = stream.next()
  const joining = arrivals.filter(arrival => arrival.is === 'ramp' || arrival.is === 'push')
  const total = joining.reduce((sum, arrival) => sum + arrival.share, 0)
  let below = 0
  for (const arrival of joining) {
    below += arrival.share
    if (group * total < below) return after(run.startMs, offsetMs(arrival, run.durationMs, within))
  }
  return run.startMs
}

function offsetMs(arrival: Extract<Arrival, { is: 'ramp' | 'push' }>, durationMs: Ms, within: number): Ms {
  if (arrival.is === 'ramp') {
    const toMs = Math.min(arrival.toMs, durationMs as number)
    return arrival.fromMs + within * Math.max(0, toMs - arrival.fromMs)
  }
  // The tail that would come after the end is cut off and its share spread over the rest, so that all join.
  const meanMs = arrival.halfLifeMs / Math.LN2
  const restMs = Math.max(0, (durationMs as number) - arrival.atMs)
  return arrival.atMs - meanMs * Math.log(1 - within * (1 - Math.exp(-restMs / meanMs)))
}

interface Absences {
  readonly leaveMs: EpochMs | undefined
  readonly away: { readonly fromMs: EpochMs; readonly toMs: EpochMs } | undefined
}

/**
 * How a player that joined is touched by half-time and leave waves. Shares are of those who are there. Assumption: at
 * half-time they go within the first tenth of the break and come back within its last tenth. Two draws for each entry,
 * whether or not it touches the player.
 */
export function absences(
  arrivals: readonly Arrival[],
  run: RunTimes,
  joinedMs: EpochMs,
  stream: RandomStream,
): Absences {
  let leaveMs: EpochMs | undefined
  let away: Absences['away']
  for (const arrival of arrivals) {
    if (arrival.is === 'ramp' || arrival.is === 'push') continue
    const touched = stream.next() < arrival.share
    const within = stream.next()
    const lengthMs = Math.max(0, arrival.toMs - arrival.fromMs)
    if (arrival.is === 'leave-wave') {
      const goesMs = after(run.startMs, arrival.fromMs + within * lengthMs)
      if (touched && goesMs > joinedMs) leaveMs = Math.min(leaveMs ?? Infinity, goesMs)
      continue
    }
    const fromMs = after(run.startMs, arrival.fromMs + within * 0.1 * lengthMs)
    const toMs = after(run.startMs, arrival.toMs - (1 - within) * 0.1 * lengthMs)
    if (touched && fromMs > joinedMs) away ??= { fromMs, toMs }
  }
  return { leaveMs, away }
}
