import type { LiveEvent } from '../live/event.ts'
import type { Defect } from '../live/live-state.ts'
import { syntheticBodyBytes, syntheticHeadBytes } from '../live/synthetic.ts'
import type { Bytes, SegmentNumber } from '../live/units.ts'

// How large the bodies of a simulated event are: the simulated world knows sizes and identities of bodies, never bytes.

export interface Media {
  initBytes(rendition: string): Bytes
  segmentBytes(rendition: string, number: SegmentNumber, defects: readonly Defect[]): Bytes
}

/** Synthetic bodies: as large as the stated bit rate makes them. */
export function syntheticMedia(event: LiveEvent): Media {
  const rates = new Map(event.renditions.map(({ name, bitsPerSecond }) => [name, bitsPerSecond]))
  return {
    initBytes: () => syntheticHeadBytes,
    segmentBytes: (rendition, _number, defects) =>
      syntheticBodyBytes(rates.get(rendition) as number, event.segmentMs, defects),
  }
}

/** By rendition, the sizes of its initialisation segment and of each segment of the loop. Plain data. */
export type MediaSizes = Readonly<
  Record<string, { readonly initBytes: Bytes; readonly segmentBytes: readonly Bytes[] }>
>

/** The media of `event`: synthetic where there are no sizes. */
export const mediaFrom = (event: LiveEvent, sizes: MediaSizes | undefined): Media =>
  sizes === undefined ? syntheticMedia(event) : loopedMedia(event, sizes)

/** Real media that is looped. */
function loopedMedia(event: LiveEvent, sizes: MediaSizes): Media {
  const of = (rendition: string) => sizes[rendition] as MediaSizes[string]
  return {
    initBytes: rendition => of(rendition).initBytes,
    // Defects are named, not cut out (origin/pipeline/encoder.ts).
    segmentBytes: (rendition, number) => {
      const { segmentBytes } = of(rendition)
      return segmentBytes[((number as number) - event.firstNumber) % segmentBytes.length] as Bytes
    },
  }
}
