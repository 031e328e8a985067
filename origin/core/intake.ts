import type { EpochMs } from '../../live/units.ts'
import { settlesAtMs } from './choice.ts'
import { decisionMs, type OriginState, putsUntilMs } from './origin-state.ts'
import { againOrConflict, putAnswer, putRefusal } from './publish.ts'
import type { SegmentEntry, StoredEntry } from './segment-index.ts'
import { decide, settle } from './settle.ts'
import type { BodyVerdict, Candidate, OfferVerdict, OriginEffect, PutAnswer, PutBody, PutHead } from './verdict.ts'

// A PUT on its way through the core: its head is offered, its body judged, stored, and published.

/** What became of a body that the store has acknowledged. */
export interface Stored {
  readonly answer: PutAnswer
  readonly effects: readonly OriginEffect[]
}

/** A head has come: its pipeline is alive, and pushes arrive. */
export function offerHead(state: OriginState, head: PutHead, now: EpochMs): OfferVerdict {
  const refusal = refusalOf(state, head, now)
  if (refusal?.reason === 'unknown-target' || refusal?.reason === 'unknown-pipeline') return refusal
  noteAlive(state, head.pipeline, now)
  return refusal ?? { do: 'receive' }
}

/** `pipeline` has put something: those who wait for it may wait on. */
export function noteAlive(state: OriginState, pipeline: string, now: EpochMs): void {
  state.lastPutMs.set(pipeline, now)
  for (const entry of state.active) {
    if (entry.decideAtMs !== undefined && now < settlesAtMs(entry)) entry.decideAtMs = decisionMs(state, entry)
  }
}

/** The body is whole: `store` reserves its place, so that of two different ones only one can be stored. */
export function judgeBody(state: OriginState, body: PutBody, now: EpochMs): BodyVerdict {
  const refusal = refusalOf(state, body, now)
  if (refusal) return refusal
  const entry = entryOf(state, body)
  const known = againOrConflict(entry.candidates.get(body.pipeline), body)
  if (known) return known
  const storing = entry.storing.get(body.pipeline)
  if (storing && storing.etag !== body.etag) return putAnswer('conflict')
  if (storing) storing.count++
  else entry.storing.set(body.pipeline, { etag: body.etag, count: 1 })
  return { do: 'store' }
}

/** The body is durable: a candidate now, unless its number is gone by now. */
export function publishBody(state: OriginState, body: PutBody, now: EpochMs): Stored {
  const { pipeline, rendition, number } = body
  const entry = entryOf(state, body)
  endStoring(entry, body)
  const again = againOrConflict(entry.candidates.get(pipeline), body)
  if (again) return { answer: again, effects: [] }
  const refusal = refusalOf(state, body, now)
  if (refusal) {
    const isUnused = number !== undefined && !entry.storing.has(pipeline)
    return { answer: refusal, effects: isUnused ? [{ do: 'forget', rendition, number, pipelines: [pipeline] }] : [] }
  }
  const { etag, bodyBytes, defects } = body
  const candidate = { pipeline, rendition, number, etag, bodyBytes, defects, storedMs: now }
  return { answer: putAnswer('accepted'), effects: addCandidate(state, entry, candidate, now) }
}

/** `candidate` can be served from now on. */
export function addCandidate(
  state: OriginState,
  entry: StoredEntry | SegmentEntry,
  candidate: Candidate,
  now: EpochMs,
): OriginEffect[] {
  const { pipeline } = candidate
  const effects = isSegment(entry) ? settle(state, entry, now) : []
  entry.candidates.set(pipeline, candidate)
  entry.unreadable.delete(pipeline)
  if (isSegment(entry)) effects.push(...decide(state, entry, now))
  else entry.pinned ??= pipeline
  return effects
}

/** The store did not keep the body. */
export const dropBody = (state: OriginState, body: PutBody): void => endStoring(entryOf(state, body), body)

const refusalOf = (state: OriginState, head: PutHead, now: EpochMs): PutAnswer | undefined =>
  putRefusal(
    state.event,
    head,
    head.number === undefined ? Infinity : putsUntilMs(state, head.rendition, head.number),
    now,
  )

type Target = Pick<PutHead, 'rendition' | 'number'>

/** Where candidates of this address are kept. */
export const entryOf = ({ index }: OriginState, { rendition, number }: Target): StoredEntry | SegmentEntry =>
  number === undefined ? index.init(rendition) : index.obtain(rendition, number)

export const isSegment = (entry: StoredEntry | SegmentEntry): entry is SegmentEntry => 'number' in entry

function endStoring({ storing }: StoredEntry, { pipeline }: PutHead): void {
  const known = storing.get(pipeline)
  if (known && --known.count === 0) storing.delete(pipeline)
}
