import { eventDefaults, type LiveEvent, parseLiveEvent } from '../live/event.ts'
import { expectedPublication } from '../live/template.ts'
import { Recorder } from '../process/recorder.ts'
import type { Measured } from './counted-segments.ts'
import type { Part, SegmentCounts } from './record/part.ts'

// A small storm written by hand, for the tests of figures and of what is made of them.

export const stormEvent: LiveEvent = parseLiveEvent({
  ...eventDefaults,
  event: 'show',
  startMs: 1_000_000,
  renditions: [
    { name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1.4D401E', timescale: 90_000 },
    { name: 'a1', kind: 'audio', bitsPerSecond: 96_000, codecs: 'mp4a.40.2', timescale: 48_000 },
  ],
})
/** The storm begins with the capture of number 11 and lasts for ten segments. */
export const startedMs = 1_020_000
export const endedMs = 1_040_000

/** When `number` is published in the storm: as expected. */
export const publishedMs = (number: number): number => expectedPublication(stormEvent, number) as number

/** What the origin has of one segment; one fill and nothing else where nothing else is said. */
export const segmentOf = (number: number, given: Partial<SegmentCounts> = {}): SegmentCounts => ({
  rendition: 'v1',
  number,
  site: 'a',
  fills: 1,
  probes: 0,
  beforePublication: 0,
  publishedMs: publishedMs(number),
  ...given,
})

export function partOf(role: Part['role'], name: string, fill: (recorder: Recorder) => void = () => undefined): Part {
  const recorder = new Recorder({ role, name })
  fill(recorder)
  return recorder.part()
}

/** A measured storm of these parts. */
export const stormOf = (parts: readonly Part[], actions: Measured['actions'] = []): Measured => ({
  parts,
  event: stormEvent,
  startedMs,
  endedMs,
  actions,
})

/** The origin's part with these segments. */
export const originWith = (segments: SegmentCounts[]): Part => ({ ...partOf('origin', 'origin'), segments })
