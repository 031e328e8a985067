import { limits } from './limits.ts'
import type { SegmentNumber } from './units.ts'

// Addresses: URL path <-> event, rendition, number (design, "The wire"). One strict grammar for all: what does not
// match letter by letter is no address, so that `..`, `%2e`, `//` and NUL never reach a key or a store.

export type Address =
  | { readonly kind: 'segment'; readonly event: string; readonly rendition: string; readonly number: SegmentNumber }
  | { readonly kind: 'init'; readonly event: string; readonly rendition: string }
  | { readonly kind: 'media-playlist'; readonly event: string; readonly rendition: string }
  | { readonly kind: 'main-playlist'; readonly event: string }
  | { readonly kind: 'manifest'; readonly event: string }
  | { readonly kind: 'event-config'; readonly event: string }

export type SegmentAddress = Extract<Address, { kind: 'segment' }>

/** Where a packager puts a segment, or its initialisation segment (`number` undefined). */
export interface IngestAddress {
  readonly pipeline: string
  readonly event: string
  readonly rendition: string
  readonly number: SegmentNumber | undefined
}

const name = '[a-z0-9][a-z0-9-]{0,63}'
const number = '0|[1-9][0-9]{0,9}'
const inRendition = new RegExp(`^/live/(${name})/(${name})/(?:(${number})\\.m4s|(init\\.mp4|index\\.m3u8))$`)
const ofEvent = new RegExp(`^/live/(${name})/(manifest\\.mpd|main\\.m3u8|event\\.json)$`)
const ingest = new RegExp(`^/ingest/(${name})/(${name})/(${name})/(?:(${number})\\.m4s|init\\.mp4)$`)

/** The address that `path` (no query) names, or undefined when it names none. */
export function parseAddress(path: string): Address | undefined {
  if (path.length > limits.pathBytes) return undefined
  const within = inRendition.exec(path)
  if (within) {
    const [, event, rendition, digits, file] = within as unknown as [string, string, string, string?, string?]
    if (digits !== undefined) {
      const value = Number(digits)
      return value <= limits.segmentNumber ? { kind: 'segment', event, rendition, number: value } : undefined
    }
    return file === 'init.mp4' ? { kind: 'init', event, rendition } : { kind: 'media-playlist', event, rendition }
  }
  const whole = ofEvent.exec(path)
  if (!whole) return undefined
  const [, event, file] = whole as unknown as [string, string, string]
  if (file === 'manifest.mpd') return { kind: 'manifest', event }
  return file === 'main.m3u8' ? { kind: 'main-playlist', event } : { kind: 'event-config', event }
}

/** The path of `address`: the inverse of `parseAddress`. */
export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'segment':
      return segmentPath(address.event, address.rendition, address.number)
    case 'init':
      return `/live/${address.event}/${address.rendition}/init.mp4`
    case 'media-playlist':
      return `/live/${address.event}/${address.rendition}/index.m3u8`
    case 'main-playlist':
      return `/live/${address.event}/main.m3u8`
    case 'manifest':
      return `/live/${address.event}/manifest.mpd`
    case 'event-config':
      return `/live/${address.event}/event.json`
  }
}

/** The path of one segment. */
export const segmentPath = (event: string, rendition: string, number: SegmentNumber): string =>
  `/live/${event}/${rendition}/${number}.m4s`

/** The address that a packager's `path` names, or undefined when it names none. */
export function parseIngestAddress(path: string): IngestAddress | undefined {
  if (path.length > limits.pathBytes) return undefined
  const match = ingest.exec(path)
  if (!match) return undefined
  const [, pipeline, event, rendition, digits] = match as unknown as [string, string, string, string, string?]
  const value = digits === undefined ? undefined : Number(digits)
  if (value !== undefined && value > limits.segmentNumber) return undefined
  return { pipeline, event, rendition, number: value }
}

/** The path to which a packager puts a segment or, without a number, the initialisation segment. */
export const formatIngestAddress = (address: IngestAddress): string =>
  `/ingest/${address.pipeline}/${address.event}/${address.rendition}/${
    address.number === undefined ? 'init.mp4' : `${address.number}.m4s`
  }`
