import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventDefaults, type LiveEvent, liveEventSchema } from '../../live/event.ts'
import { formatInstant } from '../../live/instant.ts'
import { expectedPublication, liveEdge, windowStart } from '../../live/template.ts'
import { mainPlaylist, mediaPlaylist, mpd } from './manifest.ts'

// Neither parser brings types; these are the parts that the tests look at.
interface Segment {
  uri: string
  duration: number
  dateTimeString?: string
  map?: { uri: string; resolvedUri?: string }
}
interface Playlist {
  uri: string
  segments: Segment[]
  attributes: Record<string, unknown>
  targetDuration: number
}
interface DashManifest {
  playlists: Playlist[]
  mediaGroups: { AUDIO: Record<string, Record<string, { playlists: Playlist[] }>> }
  suggestedPresentationDelay: number
  minimumUpdatePeriod?: number
}
interface HlsManifest {
  playlists?: Playlist[]
  mediaGroups?: { AUDIO: Record<string, Record<string, { uri: string; default: boolean }>> }
  segments: Segment[]
  mediaSequence: number
  targetDuration: number
  version: number
  endList?: boolean
  independentSegments: boolean
}
const require = createRequire(import.meta.url)
const { Parser } = require('m3u8-parser') as {
  Parser: new () => { push(text: string): void; end(): void; manifest: HlsManifest; on?: unknown }
}
const mpdParser = require('mpd-parser') as {
  parse(
    text: string,
    options: { manifestUri: string; NOW: number; eventHandler(event: { type: string; message: string }): void },
  ): DashManifest
  parseUTCTiming(text: string): { method: string; value: string }
}

const renditions: LiveEvent['renditions'] = [
  {
    name: 'v1',
    kind: 'video',
    bitsPerSecond: 400_000,
    codecs: 'avc1.4D4015',
    width: 426,
    height: 240,
    frameRate: 25,
    timescale: 90_000,
  },
  {
    name: 'v2',
    kind: 'video',
    bitsPerSecond: 900_000,
    codecs: 'avc1.4D401E',
    width: 640,
    height: 360,
    frameRate: 29.97,
    timescale: 90_000,
  },
  { name: 'a1', kind: 'audio', bitsPerSecond: 99_000, codecs: 'mp4a.40.2', sampleRate: 48_000, timescale: 48_000 },
]
const startMs = 1_770_000_000_000
const makeEvent = (given: Partial<LiveEvent> = {}): LiveEvent =>
  liveEventSchema.parse({ ...eventDefaults, event: 'final', startMs, renditions, ...given })

function parseDash(text: string, now: number): DashManifest {
  const warnings: string[] = []
  const manifest = mpdParser.parse(text, {
    manifestUri: 'http://edge.test/live/final/manifest.mpd',
    NOW: now,
    eventHandler: event => warnings.push(event.message),
  })
  expect(warnings).toEqual([])
  return manifest
}

function parseHls(text: string): HlsManifest {
  const parser = new Parser()
  parser.push(text)
  parser.end()
  return parser.manifest
}

/** From the address: the parser numbers segments anew in a playlist. */
const numberOf = (segment: Segment): number => Number(/(\d+)\.m4s$/.exec(segment.uri)?.[1])
const audioOf = (manifest: DashManifest) => Object.values(manifest.mediaGroups.AUDIO.audio ?? {})[0]?.playlists[0]

describe('the DASH manifest', () => {
  test('has every rendition with its template, and one audio group', () => {
    const manifest = parseDash(mpd(makeEvent()), startMs + 60_000)
    expect(manifest.playlists.map(p => [p.attributes.NAME, p.attributes.BANDWIDTH, p.attributes.CODECS])).toEqual([
      ['v1', 400_000, 'avc1.4D4015'],
      ['v2', 900_000, 'avc1.4D401E'],
    ])
    expect(manifest.playlists[1]?.attributes.RESOLUTION).toEqual({ width: 640, height: 360 })
    expect(manifest.playlists[1]?.attributes['FRAME-RATE']).toBeCloseTo(29.97, 2)
    const segment = manifest.playlists[0]?.segments[0]
    expect(segment).toMatchObject({ uri: 'v1/1.m4s', duration: 2 })
    expect(segment?.map?.uri).toBe('v1/init.mp4')
    expect(audioOf(manifest)?.segments[0]?.uri).toBe('a1/1.m4s')
    expect(manifest.suggestedPresentationDelay).toBe(6)
  })

  test('a player computes exactly the expected publication as availability, and never asks for what has left', () => {
    fc.assert(
      fc.property(
        fc.record({
          firstNumber: fc.integer({ min: 0, max: 100_000 }),
          segmentMs: fc.constantFrom(500, 1_000, 2_000, 4_004, 6_000),
          publishDelayMs: fc.integer({ min: 0, max: 10_000 }),
          dvrWindowMs: fc.integer({ min: 20_000, max: 600_000 }),
          startMs: fc.integer({ min: 0, max: 86_400_000 }).map(ms => startMs + ms),
        }),
        fc.integer({ min: 0, max: 400 }),
        fc.constantFrom(-2, 2), // that parser counts in seconds as floats: at the very instant it may round either way
        (given, ahead, around) => {
          const event = makeEvent(given)
          const now = expectedPublication(event, event.firstNumber + ahead) + around
          const numbers = parseDash(mpd(event), now).playlists[0]?.segments.map(numberOf) ?? []
          const edge = liveEdge(event, now)
          if (edge < event.firstNumber) expect(numbers).toEqual([])
          else expect(numbers.at(-1)).toBe(edge)
          for (const number of numbers) expect(number).toBeGreaterThanOrEqual(windowStart(event, now))
        },
      ),
      { numRuns: 150 },
    )
  })

  test('is a template that nobody polls: the same text at every instant, no minimumUpdatePeriod', () => {
    const text = mpd(makeEvent())
    expect(text).not.toContain('minimumUpdatePeriod')
    expect(text).not.toContain('mediaPresentationDuration')
    expect(mpd(makeEvent({ endMs: startMs + 61_000 }))).toContain('mediaPresentationDuration="PT62S"')
  })

  test('takes the clock from a HEAD of itself, and states when frames are captured', () => {
    const text = mpd(makeEvent())
    expect(mpdParser.parseUTCTiming(text)).toMatchObject({ method: 'HEAD', value: '/live/final/manifest.mpd' })
    expect(text).toContain(`wallClockTime="${formatInstant(startMs)}" presentationTime="0"`)
    expect(text).toContain(`availabilityStartTime="${formatInstant(startMs + 1_000)}"`)
  })

  test('a codecs string cannot leave its attribute', () => {
    const event = makeEvent({ renditions: renditions.map(r => ({ ...r, codecs: 'av"/><x>\n&' })) })
    expect(parseDash(mpd(event), startMs).playlists[0]?.attributes.CODECS).toBe('avx')
    expect(parseHls(mainPlaylist(event)).playlists?.[0]?.attributes.CODECS).toBe('avx')
  })
})

describe('the multivariant playlist', () => {
  test('has a variant for each video rendition with the audio group', () => {
    const manifest = parseHls(mainPlaylist(makeEvent()))
    expect(manifest.version).toBe(6)
    expect(manifest.independentSegments).toBe(true)
    expect(manifest.playlists?.map(p => [p.uri, p.attributes])).toEqual([
      [
        'v1/index.m3u8',
        {
          BANDWIDTH: 499_000,
          CODECS: 'avc1.4D4015,mp4a.40.2',
          RESOLUTION: { width: 426, height: 240 },
          'FRAME-RATE': 25,
          AUDIO: 'audio',
        },
      ],
      ['v2/index.m3u8', expect.objectContaining({ BANDWIDTH: 999_000, AUDIO: 'audio' })],
    ])
    expect(manifest.mediaGroups?.AUDIO.audio?.a1).toMatchObject({ uri: 'a1/index.m3u8', default: true })
  })

  test('an event of audio alone has its renditions as variants', () => {
    const manifest = parseHls(mainPlaylist(makeEvent({ renditions: renditions.slice(2) })))
    expect(manifest.playlists?.map(p => [p.uri, p.attributes.AUDIO])).toEqual([['a1/index.m3u8', undefined]])
  })
})

describe('a media playlist', () => {
  test('names the whole window, with the clock of its first segment', () => {
    const manifest = parseHls(mediaPlaylist(makeEvent(), { first: 11, last: 14, gaps: [] }, false))
    expect(manifest).toMatchObject({ mediaSequence: 11, targetDuration: 2, version: 6 })
    expect(manifest.endList).toBeUndefined()
    expect(manifest.segments.map(s => s.uri)).toEqual(['11.m4s', '12.m4s', '13.m4s', '14.m4s'])
    expect(manifest.segments.every(s => s.duration === 2 && s.map?.uri === 'init.mp4')).toBe(true)
    expect(manifest.segments[0]?.dateTimeString).toBe(formatInstant(startMs + 20_000))
  })

  test('a missing segment keeps its place as a gap, and the clock is stated anew behind it', () => {
    const text = mediaPlaylist(makeEvent(), { first: 1, last: 5, gaps: [2, 3] }, false)
    const manifest = parseHls(text)
    expect(manifest.segments.map(numberOf)).toEqual([1, 2, 3, 4, 5])
    // The parser knows no EXT-X-GAP, so the text itself: RFC 8216bis, 4.4.4.7, the tag belongs to the next segment.
    expect([...text.matchAll(/#EXT-X-GAP\n#EXTINF:2\.000,\n(\d+)\.m4s/g)].map(match => match[1])).toEqual(['2', '3'])
    expect(manifest.segments[3]?.dateTimeString).toBe(formatInstant(startMs + 6_000))
  })

  test('ends when the event has ended, and never names what is not of the event', () => {
    const event = makeEvent({ endMs: startMs + 10_000 })
    const manifest = parseHls(mediaPlaylist(event, { first: 0, last: 9, gaps: [] }, true))
    expect(manifest.endList).toBe(true)
    expect(manifest.segments.map(s => s.uri)).toEqual(['1.m4s', '2.m4s', '3.m4s', '4.m4s', '5.m4s'])
  })

  test('before the first publication it is empty', () => {
    const manifest = parseHls(mediaPlaylist(makeEvent(), { first: 1, last: 0, gaps: [] }, false))
    expect(manifest).toMatchObject({ mediaSequence: 1, segments: [] })
  })
})
