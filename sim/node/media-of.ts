import type { LiveEvent } from '../../live/event.ts'
import { assetDirectory, loadAsset } from '../../origin/pipeline/media/asset.ts'
import { type Media, type MediaSizes, mediaFrom } from '../media.ts'

/** The sizes of the bodies that the pipelines of `event` would make. */
export const mediaOf = (event: LiveEvent): Media => mediaFrom(event, mediaSizesOf(event))

/** The same as plain data; undefined where bodies are synthetic. */
export function mediaSizesOf(event: LiveEvent): MediaSizes | undefined {
  if (event.body === 'synthetic') return undefined
  const { renditions } = loadAsset(assetDirectory)
  return Object.fromEntries(
    renditions.map(({ description, init, segments }) => [
      description.name,
      { initBytes: init.byteLength, segmentBytes: segments.map(segment => segment.bytes.byteLength) },
    ]),
  )
}
