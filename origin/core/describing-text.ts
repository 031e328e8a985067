import type { LiveEvent } from '../../live/event.ts'
import { mainPlaylist, mediaPlaylist, mpd } from './manifest.ts'
import type { DescribeVerdict } from './verdict.ts'

/** The text that describes an event, or what of it `verdict` names: a manifest, a playlist, its configuration. */
export function describingText(event: LiveEvent, { address, segments }: DescribeVerdict): string {
  switch (address.kind) {
    case 'manifest':
      return mpd(event)
    case 'main-playlist':
      return mainPlaylist(event)
    case 'event-config':
      return JSON.stringify(event)
    case 'media-playlist':
      if (!segments) throw new Error(`the playlist of ${address.rendition} is described without its segments`)
      return mediaPlaylist(event, segments, segments.ended)
  }
}
