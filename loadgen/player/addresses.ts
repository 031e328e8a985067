import type { Address } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { Ladder } from './ladder.ts'
import type { Profile } from './profile.ts'
import type { Track } from './track.ts'

// What a player that watches asks for.

const renditionOf = ({ kind, rung }: Track, ladder: Ladder): string =>
  (kind === 'audio' ? ladder.audio : ladder.video[rung])?.name ?? ''

/** The manifest, or the main playlist. */
export const descriptionAddress = ({ event }: LiveEvent, { timing }: Profile): Address =>
  timing === 'template' ? { kind: 'manifest', event } : { kind: 'main-playlist', event }

/** The media playlist of the track's rung. */
export const playlistAddress = ({ event }: LiveEvent, ladder: Ladder, track: Track): Address => ({
  kind: 'media-playlist',
  event,
  rendition: renditionOf(track, ladder),
})

/** The track's next segment; its rung's initialisation segment where that is not there yet. */
export function mediaAddress({ event }: LiveEvent, ladder: Ladder, track: Track): Address {
  const rendition = renditionOf(track, ladder)
  return track.hasInit()
    ? { kind: 'segment', event, rendition, number: track.next }
    : { kind: 'init', event, rendition }
}
