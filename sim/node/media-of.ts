import type { LiveEvent } from '../../live/event.ts'
import { assetDirectory, loadAsset } from '../../origin/pipeline/media/asset.ts'
import { loopedMedia, type Media, syntheticMedia } from '../media.ts'

/** The sizes of the bodies that the pipelines of `event` would make. */
export function mediaOf(event: LiveEvent): Media {
  if (event.body === 'synthetic') return syntheticMedia(event)
  const { renditions } = loadAsset(assetDirectory)
  const sizes = renditions.map(
    ({ description, init, segments }): [string, { initBytes: number; segmentBytes: number[] }] => [
      description.name,
      { initBytes: init.byteLength, segmentBytes: segments.map(segment => segment.bytes.byteLength) },
    ],
  )
  return loopedMedia(event, new Map(sizes))
}
