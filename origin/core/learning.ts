import { captureEnd, isOfEvent, leavesWindow } from '../../live/template.ts'
import type { EpochMs } from '../../live/units.ts'
import { addCandidate, entryOf, isSegment, noteAlive } from './intake.ts'
import type { OriginState } from './origin-state.ts'
import type { SegmentEntry, StoredEntry } from './segment-index.ts'
import { decide, settle } from './settle.ts'
import type { Candidate, OriginEffect } from './verdict.ts'

// Candidates that this origin did not take itself: what a publish process announces, what the store holds when an origin
// starts; and those that the store has lost.

/** What became of the candidates that the store holds. */
export interface Restored {
  /** How many are in the index now that were not. */
  readonly taken: number
  readonly effects: readonly OriginEffect[]
}

/** `candidate` is in the store that this origin reads. */
export function learnCandidate(state: OriginState, candidate: Candidate, now: EpochMs): OriginEffect[] {
  if (!isOfThisEvent(state, candidate) || !isInTime(state, candidate, now)) return []
  const entry = entryOf(state, candidate)
  return entry.candidates.has(candidate.pipeline) ? [] : addCandidate(state, entry, candidate, now)
}

/**
 * Takes up what the store holds, in the order in which it came, so that the same is chosen as before: what an edge has
 * stored must not get other bytes. What has left the window is to be removed.
 */
export function restoreCandidates(state: OriginState, candidates: readonly Candidate[], now: EpochMs): Restored {
  const effects: OriginEffect[] = []
  let taken = 0
  for (const candidate of candidates.toSorted((a, b) => (a.storedMs as number) - (b.storedMs as number))) {
    const { pipeline, rendition, number, storedMs } = candidate
    if (!isOfThisEvent(state, candidate)) continue
    const known = knownEntry(state, candidate)
    if (known?.candidates.has(pipeline)) continue
    if (number !== undefined && now >= leavesWindow(state.event, number)) {
      // What the index knows it forgets by itself.
      if (!known?.unreadable.has(pipeline)) effects.push({ do: 'forget', rendition, number, pipelines: [pipeline] })
      continue
    }
    if (!isInTime(state, candidate, now)) continue
    const entry = entryOf(state, candidate)
    const isWaitedFor = isSegment(entry) && entry.holds.size > 0
    const atMs = isWaitedFor ? now : Math.min(storedMs, now)
    noteAlive(state, pipeline, Math.max(atMs, state.lastPutMs.get(pipeline) ?? -Infinity))
    effects.push(...addCandidate(state, entry, candidate, atMs))
    taken++
  }
  for (const entry of state.active) effects.push(...settle(state, entry, now))
  return { taken, effects }
}

/** The store cannot give the body of `lost`: it is no candidate any more, and where there is another, that is chosen. */
export function dropCandidate(state: OriginState, lost: Candidate, now: EpochMs): OriginEffect[] {
  const { pipeline, etag } = lost
  const entry = knownEntry(state, lost)
  if (entry?.candidates.get(pipeline)?.etag !== etag) return []
  const effects = isSegment(entry) ? settle(state, entry, now) : []
  entry.candidates.delete(pipeline)
  entry.unreadable.add(pipeline)
  if (entry.pinned === pipeline) entry.pinned = undefined
  if (isSegment(entry)) effects.push(...decide(state, entry, now))
  else entry.pinned ??= state.event.pipelines.find(each => entry.candidates.has(each))
  return effects
}

const knownEntry = (
  { index }: OriginState,
  { rendition, number }: Candidate,
): StoredEntry | SegmentEntry | undefined =>
  number === undefined ? index.init(rendition) : index.get(rendition, number)

const isOfThisEvent = ({ event }: OriginState, { pipeline, rendition, number }: Candidate): boolean =>
  event.pipelines.includes(pipeline) &&
  event.renditions.some(({ name }) => name === rendition) &&
  (number === undefined || isOfEvent(event, number))

/** Inside the window; and captured, by a clock that may differ from that of the origin which took it. */
const isInTime = ({ event }: OriginState, { number }: Candidate, now: EpochMs): boolean =>
  number === undefined ||
  (now < leavesWindow(event, number) &&
    (now as number) >= (captureEnd(event, number) as number) - 2 * event.clockSlackMs)
