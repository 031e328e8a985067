import { parseAddress } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { EventState } from '../../live/live-state.ts'
import type { SegmentNumber } from '../../live/units.ts'
import { isCacheable } from './methods.ts'
import type { Question } from './verdict.ts'

// What a question is about: a live object (segment, media playlist) or any other thing that HTTP can name; and the key
// under which its copy is stored. The event's version is part of the key: raising it drops the whole event.

export interface Target {
  readonly kind: 'live' | 'http'
  readonly path: string
  readonly key: string
  /** The event's name, for every address of one. */
  readonly event?: string | undefined
  readonly rendition?: string | undefined
  readonly number?: SegmentNumber | undefined
  /** The event's configuration, when it is known, heeded, and not older than what a sibling asks for. */
  readonly config?: LiveEvent | undefined
  /** The event state that the answer must not be older than. */
  readonly asked?: EventState | undefined
}

/** The version in keys of an event whose configuration is not known. */
export const unknownVersion = 0

/** `v3 /live/final/v1/12.m4s`; what is of no event has no version. */
export const keyOf = (version: number, path: string): string => `v${version} ${path}`

/** The version in a key; undefined where there is none. */
export function versionOfKey(key: string): number | undefined {
  const space = key.indexOf(' ')
  return key.startsWith('v') && space > 0 ? Number(key.slice(1, space)) : undefined
}

/** What `question` is about; `known` gives the configuration of an event by its name, where it is heeded. */
export function targetOf(
  question: Question,
  known: (event: string) => { readonly config: LiveEvent; readonly state: EventState } | undefined,
): Target {
  const { method, path, sibling } = question
  const address = parseAddress(path)
  // The method is a part of the key: an answer to another one is not the object's (RFC 9111, 2).
  if (!isCacheable(method)) return { kind: 'http', path, key: `${method} ${path}` }
  if (!address) return { kind: 'http', path, key: path }
  const event = known(address.event)
  const asked = newest(event?.state, sibling && sibling.asked.version > 0 ? sibling.asked : undefined)
  const isLive = address.kind === 'segment' || address.kind === 'media-playlist'
  return {
    kind: isLive ? 'live' : 'http',
    path,
    key: keyOf(asked?.version ?? unknownVersion, path),
    event: address.event,
    rendition: isLive ? address.rendition : undefined,
    number: address.kind === 'segment' ? address.number : undefined,
    // A configuration that is older than the asker's says nothing about what the asker may ask for.
    config: event && asked?.version === event.state.version ? event.config : undefined,
    asked,
  }
}

/** The newer of two states; either may be unknown. */
function newest(a: EventState | undefined, b: EventState | undefined): EventState | undefined {
  if (!a || !b) return a ?? b
  return b.version > a.version || (b.version === a.version && b.sequence > a.sequence) ? b : a
}
