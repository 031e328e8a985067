import type { Defect, DefectKind } from '../../live/live-state.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'

// What can go wrong in a pipeline, by switch (docs/processes.md, `POST /faults` of a pipeline). Each fault is a window of
// time; which segments it touches is decided by the instant at which they would have been put.

/** A change of faults: what is given changes, the rest stays. Durations count from the instant of the change. */
export interface PipelineFaultChange {
  /** The encoder stalls: what would be put meanwhile is put when the stall ends, the later ones on time. */
  readonly stallForMs?: Ms | undefined
  /** Segments have this defect; null: they are sound again. */
  readonly defects?: { readonly kind: DefectKind; readonly ms: Ms; readonly forMs: Ms } | null | undefined
  /** The pipeline is lost, with all that it would have put: until `lost: false`. */
  readonly lost?: boolean | undefined
  /** As `lost: true`, and it comes back by itself. */
  readonly lostForMs?: Ms | undefined
  /** Every PUT begins this much later. */
  readonly delay?: { readonly ms: Ms; readonly forMs: Ms } | undefined
  /** Every PUT that begins breaks off in mid-body. */
  readonly tearPuts?: { readonly forMs: Ms } | undefined
}

/** From `fromMs`, inclusive, until `untilMs`, exclusive. */
interface Span {
  readonly fromMs: EpochMs
  readonly untilMs: EpochMs
}

/** The faults that are set, at most one of each kind: a new one takes the place of the one before. */
export interface PipelineFaults {
  readonly stall?: Span | undefined
  readonly defects?: (Span & { readonly defect: Defect }) | undefined
  readonly lost?: Span | undefined
  readonly delay?: (Span & { readonly ms: Ms }) | undefined
  readonly tears?: Span | undefined
}

const span = (now: EpochMs, forMs: Ms): Span => ({ fromMs: now, untilMs: after(now, forMs) })

const inside = (span: Span | undefined, instant: EpochMs): boolean =>
  span !== undefined && instant >= span.fromMs && instant < span.untilMs

/** `faults` after `change`, which is made at `now`. */
export function changeFaults(faults: PipelineFaults, change: PipelineFaultChange, now: EpochMs): PipelineFaults {
  const { stallForMs, defects, lost, lostForMs, delay, tearPuts } = change
  return {
    stall: stallForMs === undefined ? faults.stall : changeStall(faults.stall, stallForMs, now),
    defects:
      defects === undefined
        ? faults.defects
        : defects === null
          ? undefined
          : { ...span(now, defects.forMs), defect: { kind: defects.kind, ms: defects.ms } },
    lost: changeLoss(faults.lost, lost, lostForMs, now),
    delay: delay === undefined ? faults.delay : { ...span(now, delay.forMs), ms: delay.ms },
    tears: tearPuts === undefined ? faults.tears : span(now, tearPuts.forMs),
  }
}

/** A stall that comes during a stall is one longer stall: what waits for the first goes on waiting. */
function changeStall(known: Span | undefined, forMs: Ms, now: EpochMs): Span {
  return { ...span(now, forMs), fromMs: known && inside(known, now) ? known.fromMs : now }
}

function changeLoss(
  known: Span | undefined,
  lost: boolean | undefined,
  lostForMs: Ms | undefined,
  now: EpochMs,
): Span | undefined {
  if (lost === false)
    return known && known.fromMs < now ? { ...known, untilMs: Math.min(known.untilMs, now) } : undefined
  if (lostForMs !== undefined) return span(now, lostForMs)
  return lost ? span(now, Infinity) : known
}

/** When a segment that was planned for `plannedMs` can be put under `faults`: delayed first, then held by a stall. */
export function plannedUnderFaults(faults: PipelineFaults, plannedMs: EpochMs): EpochMs {
  const { delay, stall } = faults
  const delayedMs = delay && inside(delay, plannedMs) ? after(plannedMs, delay.ms) : plannedMs
  return stall && inside(stall, delayedMs) ? stall.untilMs : delayedMs
}

/** Whether the pipeline is lost at `instant`. */
export const isLost = (faults: PipelineFaults, instant: EpochMs): boolean => inside(faults.lost, instant)

/** Whether a PUT that begins at `instant` breaks off in mid-body. */
export const isTorn = (faults: PipelineFaults, instant: EpochMs): boolean => inside(faults.tears, instant)

/** What is wrong with a segment that is put at `plannedMs`. */
export const defectsUnderFaults = (faults: PipelineFaults, plannedMs: EpochMs): readonly Defect[] =>
  faults.defects && inside(faults.defects, plannedMs) ? [faults.defects.defect] : []
