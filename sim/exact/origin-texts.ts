import type { LiveEvent } from '../../live/event.ts'
import { hash32 } from '../../live/random.ts'
import { describingText } from '../../origin/core/describing-text.ts'
import type { DescribeVerdict } from '../../origin/core/verdict.ts'

// The texts that describe an event, of which a simulated world needs the length and a validator. Rendered once for each
// state of the event and, for media playlists, of its list.

export interface DescribedText {
  readonly bytes: number
  readonly etag: string
}

export class OriginTexts {
  readonly #known = new Map<string, { event: LiveEvent; list: string; text: DescribedText }>()

  get(event: LiveEvent, verdict: DescribeVerdict): DescribedText {
    const { address, segments } = verdict
    const name = address.kind === 'media-playlist' ? `media-playlist/${address.rendition}` : address.kind
    const list = segments ? `${segments.first} ${segments.last} ${segments.gaps} ${segments.ended}` : ''
    const known = this.#known.get(name)
    if (known?.event === event && known.list === list) return known.text
    const body = describingText(event, verdict)
    const text = { bytes: body.length, etag: `"t-${hash32(body).toString(16).padStart(8, '0')}-${body.length}"` }
    this.#known.set(name, { event, list, text })
    return text
  }
}
