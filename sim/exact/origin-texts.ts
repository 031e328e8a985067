import type { LiveEvent } from '../../live/event.ts'
import { hash32 } from '../../live/random.ts'
import { describingText } from '../../origin/core/describing-text.ts'
import type { DescribeVerdict, PlaylistSegments } from '../../origin/core/verdict.ts'

// The texts that describe an event, of which a simulated world needs the length and a validator. Rendered once for each
// state of the event and, for media playlists, of its list.

export interface DescribedText {
  readonly bytes: number
  readonly etag: string
}

/** Lists at once; every rendition of a segment's time has one of a few. */
const lists = 256

const nameOf = ({ first, last, gaps, ended }: PlaylistSegments): string => `${first} ${last} ${gaps} ${ended}`

export class OriginTexts {
  readonly #lists = new Map<string, PlaylistSegments>()
  readonly #known = new Map<string, { event: LiveEvent; list: string; text: DescribedText }>()

  get(event: LiveEvent, verdict: DescribeVerdict): DescribedText {
    const { address, segments } = verdict
    const name = address.kind === 'media-playlist' ? `media-playlist/${address.rendition}` : address.kind
    const list = segments ? nameOf(segments) : ''
    const known = this.#known.get(name)
    if (known?.event === event && known.list === list) return known.text
    const body = describingText(event, verdict)
    const text = { bytes: body.length, etag: `"t-${hash32(body).toString(16).padStart(8, '0')}-${body.length}"` }
    this.#known.set(name, { event, list, text })
    return text
  }

  /** What a playlist lists: one object for equal lists, because every player that has read it keeps it. */
  listOf({ segments }: DescribeVerdict): PlaylistSegments | undefined {
    if (segments === undefined) return undefined
    const name = nameOf(segments)
    const known = this.#lists.get(name)
    if (known) return known
    if (this.#lists.size >= lists) this.#lists.clear()
    this.#lists.set(name, segments)
    return segments
  }
}
