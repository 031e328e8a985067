import type { LiveEvent } from '../live/event.ts'
import { dueFrom, retryDeadline } from '../live/template.ts'
import type { EpochMs, Ms, SegmentNumber } from '../live/units.ts'

// Which segments a fault of a run may touch, so that the others can be held to the ideal. The rule, in one place:
//
// A fault acts from the instant at which it took effect until it ended, and `settleMs` longer. A segment is alive from
// the first instant at which an edge lets a request for it through (its due window's opening less the clock slack) to
// its publication (unpublished: its retry deadline). Where the two overlap, the fault touched the segment. A fault that
// loses copies (a dead, restarted or flushed edge, one that is back, a new version, an invalidation, a mask) also touches segments that
// live players still ask for: those published up to `reachBackMs` before it.

/** An action of the lab as the record has it: when it took effect, and what it was. */
export interface RecordedAction {
  readonly atMs: EpochMs
  readonly action: Readonly<Record<string, unknown>>
}

interface FaultKind {
  /** How long it acts; 'instant' for what happens once; the name of the field that says it otherwise. */
  readonly lasts: 'instant' | 'forMs' | 'downMs' | 'to-the-end'
  readonly losesCopies: boolean
}

/** Actions that are no faults (`notify`, `fleet-size`) have no entry. */
const faultKinds: Readonly<Record<string, FaultKind>> = {
  'stall-encoder': { lasts: 'forMs', losesCopies: false },
  defects: { lasts: 'forMs', losesCopies: false },
  'lose-pipeline': { lasts: 'forMs', losesCopies: false },
  'publish-delay': { lasts: 'forMs', losesCopies: false },
  'restart-edge': { lasts: 'downMs', losesCopies: true },
  'kill-edge': { lasts: 'downMs', losesCopies: true },
  // What the lab adds when an edge that was down is back, with nothing stored.
  'revive-edge': { lasts: 'instant', losesCopies: true },
  'raise-version': { lasts: 'instant', losesCopies: true },
  'flush-edge': { lasts: 'instant', losesCopies: true },
  mask: { lasts: 'instant', losesCopies: true },
  invalidate: { lasts: 'instant', losesCopies: true },
  shed: { lasts: 'to-the-end', losesCopies: false },
  'tear-puts': { lasts: 'forMs', losesCopies: false },
  'kill-origin': { lasts: 'downMs', losesCopies: false },
  'lose-region': { lasts: 'forMs', losesCopies: false },
  // What the lab adds when a region's origin is back: edges return to it within moments.
  'revive-origin': { lasts: 'instant', losesCopies: false },
  'restore-region': { lasts: 'instant', losesCopies: false },
  'kill-node': { lasts: 'downMs', losesCopies: false },
  'kill-cache': { lasts: 'downMs', losesCopies: false },
  'store-slow': { lasts: 'forMs', losesCopies: false },
  'store-fails': { lasts: 'forMs', losesCopies: false },
  'origin-slow': { lasts: 'forMs', losesCopies: false },
  'origin-down': { lasts: 'forMs', losesCopies: false },
}

/** What a fault needs after its end until everybody has noticed: four heartbeats between edges, a version's way there. */
const settleMs: Ms = 1_000

/** How far behind its publication live players still ask for a segment: their delay, and two segments of stalls. */
const reachBackMs = (event: LiveEvent): Ms => event.suggestedDelayMs + 2 * event.segmentMs

interface FaultInterval {
  readonly fromMs: EpochMs
  readonly toMs: EpochMs
  readonly losesCopies: boolean
}

/** When each fault among `actions` acted; what was skipped did not. A fault without an end acts to `endedMs`; a killed edge's loss is noticed. */
export function faultIntervals(actions: readonly RecordedAction[], endedMs: EpochMs): FaultInterval[] {
  return actions.flatMap(({ atMs, action }) => {
    const kind = faultKinds[String(action.do)]
    if (kind === undefined || action.skipped !== undefined) return []
    const stated = kind.lasts === 'forMs' || kind.lasts === 'downMs' ? action[kind.lasts] : undefined
    const forGood = kind.lasts === 'forMs' || kind.lasts === 'to-the-end'
    const endMs =
      typeof stated === 'number' ? (atMs as number) + stated : forGood ? (endedMs as number) : (atMs as number)
    return [{ fromMs: atMs, toMs: endMs + (settleMs as number), losesCopies: kind.losesCopies }]
  })
}

/** Whether any of `faults` touched segment `number`, by the rule above. */
export function isTouched(
  event: LiveEvent,
  number: SegmentNumber,
  publishedMs: EpochMs | undefined,
  faults: readonly FaultInterval[],
): boolean {
  const aliveFromMs = (dueFrom(event, number) as number) - event.clockSlackMs
  const aliveToMs = (publishedMs ?? retryDeadline(event, number)) as number
  return faults.some(fault => {
    const reach = fault.losesCopies ? (reachBackMs(event) as number) : 0
    return aliveFromMs <= (fault.toMs as number) && aliveToMs + reach >= (fault.fromMs as number)
  })
}
