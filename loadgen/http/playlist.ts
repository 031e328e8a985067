import { hash } from 'node:crypto'
import { Parser } from 'm3u8-parser'
import { limits } from '../../live/limits.ts'
import type { RequestOutcome } from '../player/player-io.ts'
import type { BodyCheck, BodyHead, WrongBody } from './verify.ts'

// Media playlists. Thousands of players read the same one after each publication, so each distinct body is parsed once.

/** What a media playlist lists. */
export type ListedSegments = NonNullable<RequestOutcome['playlist']>

/** A playlist changes with each publication; a few for each rendition are asked for at a time. */
const keptPlaylists = 256
const parsed = new Map<string, ListedSegments | undefined>()

/** Collects a media playlist's text (up to `limits.manifestBodyBytes`) and reads it at its end. */
export class PlaylistCheck implements BodyCheck {
  readonly #head: BodyHead
  readonly #chunks: Buffer[] = []
  #bytes = 0
  /** What the playlist lists, once `end` has found it sound. */
  listed: ListedSegments | undefined

  constructor(head: BodyHead) {
    this.#head = head
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes <= limits.manifestBodyBytes) this.#chunks.push(Buffer.from(chunk))
  }

  end(): WrongBody | undefined {
    if (this.#bytes > limits.manifestBodyBytes) return 'too-large'
    if (this.#bytes !== (this.#head.contentLength ?? this.#bytes)) return 'length'
    this.listed = readOnce(this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks))
    return this.listed === undefined ? 'not-a-playlist' : undefined
  }
}

function readOnce(body: Buffer): ListedSegments | undefined {
  const key = hash('sha1', body, 'base64')
  if (parsed.has(key)) return parsed.get(key)
  const listed = readMediaPlaylist(body.toString('utf8'))
  parsed.set(key, listed)
  if (parsed.size > keptPlaylists) parsed.delete(parsed.keys().next().value as string)
  return listed
}

/**
 * What a media playlist (RFC 8216, 4.3.3) lists; media sequence numbers are segment numbers. Undefined when it is none.
 * An empty playlist lists nothing: `last` is one below `first`.
 */
export function readMediaPlaylist(text: string): ListedSegments | undefined {
  if (!text.startsWith('#EXTM3U')) return undefined
  const parser = new Parser()
  // The library hands over tags that it does not know when it is told of them (draft-pantos-hls-rfc8216bis, 4.4.4.7).
  parser.addParser({ expression: /^#EXT-X-GAP\b/, customType: 'gap', segment: true })
  parser.push(text)
  parser.end()
  const { mediaSequence, segments, endList, targetDuration } = parser.manifest
  if (targetDuration === undefined) return undefined
  const first = mediaSequence ?? 0
  return {
    first,
    last: first + segments.length - 1,
    gaps: segments.flatMap((segment, index) => (segment.custom?.gap === undefined ? [] : [first + index])),
    ended: endList === true,
  }
}
