import type { LiveEvent } from '../../live/event.ts'
import { parseDefects } from '../../live/live-state.ts'
import { captureEnd, liveEdge, windowStart } from '../../live/template.ts'
import type { EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { Candidate } from '../core/verdict.ts'
import type { StoredCandidate, StoredRange } from '../store/segment-store.ts'
import { isShared } from './config.ts'
import type { OriginRuntime } from './origin-runtime.ts'

// What an origin finds in its store: when it starts, and when it has lost a feed for a while.

/** The candidates in the store that this origin has a use for. Rejects with a StoreError. */
export async function listStored(origin: OriginRuntime): Promise<readonly Candidate[]> {
  const { core, config, store } = origin
  const stored = await store.list(rangeOf(core.eventConfig(), isShared(config.store), now()))
  return stored.map(candidateOf)
}

/**
 * Takes up what the store holds and removes what has left the window. Says what it found, where it found something.
 * Rejects with a StoreError.
 */
export async function recover(origin: OriginRuntime): Promise<string | undefined> {
  const stored = await listStored(origin)
  if (stored.length === 0) return undefined
  const { taken, removed } = origin.restore(stored)
  const numbers = stored.map(({ number }) => number as number | undefined).filter(number => number !== undefined)
  const which = numbers.length === 0 ? '' : `, numbers ${Math.min(...numbers)} to ${Math.max(...numbers)}`
  return `${stored.length} candidates${which}: took up ${taken}, removed ${removed} that had left the window`
}

/**
 * The window, and what may have been put ahead of it by clocks that differ. A store of one process holds what that process
 * left, however long ago: it is listed from the first number on, so that it can be removed.
 */
function rangeOf(event: LiveEvent, shared: boolean, at: EpochMs): StoredRange {
  let to = Math.max(event.firstNumber, liveEdge(event, at) as number)
  while ((captureEnd(event, to + 1) as number) - event.clockSlackMs <= (at as number)) to++
  return {
    event: event.event,
    renditions: event.renditions.map(({ name }) => name),
    from: shared ? windowStart(event, at) : event.firstNumber,
    to,
  }
}

const candidateOf = ({ key, meta }: StoredCandidate): Candidate => ({
  pipeline: key.pipeline,
  rendition: key.rendition,
  number: key.number === 'init' ? undefined : key.number,
  etag: meta.etag,
  bodyBytes: meta.bodyBytes,
  // A field that no packager could have sent is as good as none.
  defects: parseDefects(meta.defects) ?? [],
  storedMs: meta.arrivedMs,
})
