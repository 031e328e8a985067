import { crc32 } from 'node:zlib'
import type { Rendition } from '../../live/event.ts'
import type { Defect } from '../../live/live-state.ts'
import { makeSynthetic, syntheticBodyBytes, syntheticHeadBytes } from '../../live/synthetic.ts'
import type { EpochMs } from '../../live/units.ts'
import { ConfigurationError } from '../../process/configuration.ts'
import type { PipelineConfig } from './config.ts'
import type { Capture } from './feed.ts'
import { assetRendition, initSegment, loadAsset, mediaSegment, segmentTiming } from './media/asset.ts'

// The encoder: from a stretch of the feed to the bytes of a segment. The same arguments give the same bytes, so that a
// retry of a PUT is one and nothing needs to be kept for it.

export interface Encoder {
  /** The initialisation segment of a rendition. */
  init(rendition: Rendition): Uint8Array
  /** A segment with `defects`, as it was made for `plannedMs`. */
  segment(rendition: Rendition, capture: Capture, defects: readonly Defect[], plannedMs: EpochMs): Uint8Array
}

type EncoderConfig = Pick<PipelineConfig, 'event' | 'pipeline' | 'bodyScale' | 'asset'>

/** The encoder for `event.body`. Throws ConfigurationError when the asset does not fit the event. */
export const makeEncoder = (config: EncoderConfig): Encoder =>
  config.event.body === 'cmaf' ? cmafEncoder(config) : syntheticEncoder(config)

/** Sized bytes (live/synthetic.ts). */
function syntheticEncoder({ event, pipeline, bodyScale }: EncoderConfig): Encoder {
  const make = (rendition: Rendition, number: number, publishedMs: EpochMs, bodyBytes: number) =>
    makeSynthetic(
      {
        event: event.event,
        rendition: rendition.name,
        number,
        pipeline,
        publishedMs: Math.floor(publishedMs as number),
      },
      bodyBytes,
      crc32,
    )
  return {
    // No pipeline's own instant in it: an initialisation segment stays the same when a pipeline starts anew.
    init: rendition => make(rendition, event.firstNumber, event.startMs, syntheticHeadBytes),
    segment(rendition, capture, defects, plannedMs) {
      const bodyBytes = syntheticBodyBytes(rendition.bitsPerSecond * bodyScale, event.segmentMs, defects)
      return make(rendition, capture.number, plannedMs, bodyBytes)
    },
  }
}

/**
 * Real media. A discontinuity shifts the decode time, as a clock that jumped would; short and missing segments keep
 * their frames and are named by the metadata only, because frames are not cut out of the stored ones.
 */
function cmafEncoder({ event, asset: directory }: EncoderConfig): Encoder {
  const asset = loadAsset(directory)
  if (asset.segmentMs !== event.segmentMs)
    throw new ConfigurationError(
      `the event's segments last ${event.segmentMs} ms, those of the media ${asset.segmentMs} ms: set segmentMs to that`,
    )
  for (const { name } of event.renditions)
    if (!asset.renditions.some(rendition => rendition.description.name === name))
      throw new ConfigurationError(
        `the media has no rendition ${name}: name some of ${asset.renditions.map(r => r.description.name).join(', ')}`,
      )
  return {
    init: rendition => initSegment(asset, rendition.name),
    segment(rendition, capture, defects) {
      const timing = segmentTiming(assetRendition(asset, rendition.name), capture.indexFromStart)
      const jumpMs = defects.reduce((sum, defect) => sum + (defect.kind === 'discontinuity' ? defect.ms : 0), 0)
      return mediaSegment(asset, rendition.name, {
        indexFromStart: capture.indexFromStart,
        decodeOriginTicks: Math.round((jumpMs * rendition.timescale) / 1_000),
        wallClockMs: (event.startMs as number) + (timing.startMs as number),
      })
    },
  }
}
