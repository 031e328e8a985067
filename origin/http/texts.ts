import { crc32 } from 'node:zlib'
import type { LiveEvent } from '../../live/event.ts'
import { describingText } from '../core/describing-text.ts'
import type { DescribeVerdict } from '../core/verdict.ts'
import { hex32 } from './body-etag.ts'

// The texts that describe an event. Rendered once for each state of the event and, for media playlists, of its list.

export interface Text {
  readonly body: Buffer
  readonly etag: string
  readonly contentType: string
}

const contentTypes = {
  manifest: 'application/dash+xml',
  'main-playlist': 'application/vnd.apple.mpegurl',
  'media-playlist': 'application/vnd.apple.mpegurl',
  'event-config': 'application/json',
} as const

export class Texts {
  /** The newest text of each address: as many as an event has renditions, and three. */
  readonly #rendered = new Map<string, { event: LiveEvent; list: string; text: Text }>()

  get(event: LiveEvent, verdict: DescribeVerdict): Text {
    const { address, segments } = verdict
    const name = address.kind === 'media-playlist' ? `media-playlist/${address.rendition}` : address.kind
    const list = segments ? `${segments.first} ${segments.last} ${segments.gaps} ${segments.ended}` : ''
    const known = this.#rendered.get(name)
    if (known?.event === event && known.list === list) return known.text
    const body = Buffer.from(describingText(event, verdict))
    const text = { body, etag: `"t-${hex32(crc32(body))}-${body.length}"`, contentType: contentTypes[address.kind] }
    this.#rendered.set(name, { event, list, text })
    return text
  }
}
