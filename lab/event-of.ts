import { eventDefaults, type LiveEvent, parseLiveEvent, type Rendition } from '../live/event.ts'
import type { EpochMs } from '../live/units.ts'
import { assetDirectory, loadAsset } from '../origin/pipeline/media/asset.ts'
import type { Scenario } from '../scenarios/schema.ts'

// The live event of a scenario, placed on the clock.

type Ladder = NonNullable<Scenario['event']['renditions']>

/** A ladder for load, for scenarios that name none. */
const defaultLadder: Ladder = [
  { name: 'v1', kind: 'video', bitsPerSecond: 400_000 },
  { name: 'v2', kind: 'video', bitsPerSecond: 1_200_000 },
  { name: 'a1', kind: 'audio', bitsPerSecond: 96_000 },
]

const media = {
  video: { codecs: 'avc1.4D401E', timescale: 90_000 },
  audio: { codecs: 'mp4a.40.2', timescale: 48_000 },
} as const

/**
 * The event of `scenario` for a storm that is set up at `now`: as many whole segments lie before it as the backlog
 * has, and segments begin on whole multiples of their length.
 */
export function eventOf(scenario: Scenario, now: EpochMs): LiveEvent {
  const { backlogSegments, renditions, ...given } = scenario.event
  const segmentMs = given.segmentMs ?? eventDefaults.segmentMs
  const publishDelayMs = given.publishDelayMs ?? eventDefaults.publishDelayMs
  const edgeMs = Math.floor(((now as number) - publishDelayMs) / segmentMs) * segmentMs
  return parseLiveEvent({
    ...eventDefaults,
    ...given,
    event: scenario.name,
    startMs: edgeMs - backlogSegments * segmentMs,
    renditions: given.body === 'cmaf' ? assetLadder() : (renditions ?? defaultLadder).map(completed),
  })
}

const assetLadder = (): Rendition[] => loadAsset(assetDirectory).renditions.map(rendition => rendition.description)

const completed = (rendition: Ladder[number]): Rendition => ({
  ...rendition,
  codecs: rendition.codecs ?? media[rendition.kind].codecs,
  timescale: rendition.timescale ?? media[rendition.kind].timescale,
})
