import type { LiveEvent } from '../../live/event.ts'
import { nextCaptureStart } from '../../live/template.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'

// When what is in an exact world begins: its origins at its birth, its edges a moment later, and its storm once both are
// ready.

/** From the origins' start to the edges', and from these to the storm: enough for any backlog and for learning. */
export const edgesBehindMs: Ms = 400
const stormBehindMs: Ms = 3_000

/** When the storm of a world that is born at `bornMs` can begin: as a segment's capture does. */
export const stormStart = (event: LiveEvent, bornMs: EpochMs): EpochMs =>
  nextCaptureStart(event, after(bornMs, (edgesBehindMs as number) + (stormBehindMs as number)))

/**
 * `event`, which is placed for a world that is born at `bornMs`, so that it has been on for `stormAtMs` when the storm
 * begins, and that instant. What is published at the world's birth stays the backlog, whatever comes before it.
 */
export function placedFor(
  event: LiveEvent,
  bornMs: EpochMs,
  stormAtMs: Ms,
): { readonly event: LiveEvent; readonly stormMs: EpochMs } {
  const [wantedMs, earliestMs] = [after(event.startMs, stormAtMs), stormStart(event, bornMs)]
  const stormMs = Math.max(wantedMs as number, earliestMs as number)
  return { event: { ...event, startMs: stormMs - (stormAtMs as number) }, stormMs }
}
