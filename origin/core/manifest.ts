import type { LiveEvent, Rendition } from '../../live/event.ts'
import { formatDuration, formatInstant } from '../../live/instant.ts'
import { captureStart, isOfEvent, lastNumber } from '../../live/template.ts'
import { after, type Ms, type SegmentNumber } from '../../live/units.ts'

// What players are told of an event: a DASH manifest that is a template and never changes within a version, and HLS
// playlists, which name every segment and so change with each publication.
//
// How availability is stated (ISO/IEC 23009-1, 5.3.9.5.3 and A.3.2). A player computes that segment n is available at
//   AvailabilityStartTime + PeriodStart + (n - startNumber + 1) * duration - availabilityTimeOffset.
// Expected publication is startMs + (n - firstNumber + 1) * segmentMs + publishDelayMs. So the availability start time is
// startMs + publishDelayMs, and the two are equal term by term. A negative availabilityTimeOffset would say the same
// with the availability start time at the capture, but players do not agree on negative ones.
// The media's timeline is not touched by it: decode time 0 is the first frame of `firstNumber`, captured at startMs, and
// the Period begins there too, so there is no presentationTimeOffset. What a player takes for the wall clock of a frame
// is therefore later than its capture by publishDelayMs; ProducerReferenceTime states the capture's clock.

/** Segment durations are stated in ms: the one timescale in which every ladder's durations are whole. */
const msTimescale = 1_000

/**
 * The dynamic MPD of `event`. Without minimumUpdatePeriod: a template says all there is to say, and nobody polls it.
 * When the event's end is known the presentation's length is stated, so that players end by themselves.
 */
export function mpd(event: LiveEvent): string {
  const lengthMs = presentationMs(event)
  const attributes = [
    'xmlns="urn:mpeg:dash:schema:mpd:2011"',
    'profiles="urn:mpeg:dash:profile:isoff-live:2011"',
    'type="dynamic"',
    `availabilityStartTime="${formatInstant(after(event.startMs, event.publishDelayMs))}"`,
    `publishTime="${formatInstant(event.startMs)}"`,
    `minBufferTime="${formatDuration(event.segmentMs)}"`,
    `maxSegmentDuration="${formatDuration(event.segmentMs)}"`,
    `suggestedPresentationDelay="${formatDuration(event.suggestedDelayMs)}"`,
    `timeShiftBufferDepth="${formatDuration(timeShiftBufferMs(event))}"`,
    ...(lengthMs === undefined ? [] : [`mediaPresentationDuration="${formatDuration(lengthMs)}"`]),
  ]
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<MPD ${attributes.join(' ')}>`,
    ` <Period id="v${event.version}" start="PT0S">`,
    ...adaptationSet(event, 'video', 0),
    ...adaptationSet(event, 'audio', 1),
    ' </Period>',
    ` <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-head:2014" value="${manifestPath(event)}"/>`,
    '</MPD>',
  ].join('\n')}\n`
}

/**
 * The clock source is the `date` field of a HEAD of the manifest itself: whichever edge the player uses answers it from
 * its cache with its own clock, and there is no other resource to ask for. (`direct` would need the instant of sending
 * inside a body that is cached.)
 */
const manifestPath = (event: LiveEvent): string => `/live/${event.event}/manifest.mpd`

/**
 * A segment stays inside the DVR window for dvrWindowMs from its expected publication. Players and the standard's
 * editions differ by up to one segment in where the buffer ends, so one is left out: none asks for what is gone.
 */
const timeShiftBufferMs = (event: LiveEvent): Ms => Math.max(0, event.dvrWindowMs - event.segmentMs)

const presentationMs = (event: LiveEvent): Ms | undefined =>
  event.endMs === undefined ? undefined : ((lastNumber(event) as number) - event.firstNumber + 1) * event.segmentMs

function adaptationSet(event: LiveEvent, kind: Rendition['kind'], id: number): string[] {
  const renditions = event.renditions.filter(rendition => rendition.kind === kind)
  if (renditions.length === 0) return []
  const template = [
    `timescale="${msTimescale}"`,
    `duration="${event.segmentMs}"`,
    `startNumber="${event.firstNumber}"`,
    'media="$RepresentationID$/$Number$.m4s"',
    'initialization="$RepresentationID$/init.mp4"',
  ]
  return [
    `  <AdaptationSet id="${id}" contentType="${kind}" mimeType="${kind}/mp4" segmentAlignment="true" startWithSAP="1">`,
    `   <ProducerReferenceTime id="${id}" type="captured" wallClockTime="${formatInstant(event.startMs)}" presentationTime="0"/>`,
    `   <SegmentTemplate ${template.join(' ')}/>`,
    ...renditions.map(rendition => `   <Representation ${representation(rendition).join(' ')}/>`),
    '  </AdaptationSet>',
  ]
}

function representation(rendition: Rendition): string[] {
  const { name, bitsPerSecond, width, height, frameRate, sampleRate } = rendition
  return [
    `id="${name}"`,
    `bandwidth="${bitsPerSecond}"`,
    `codecs="${codecs(rendition)}"`,
    ...(width === undefined ? [] : [`width="${width}"`]),
    ...(height === undefined ? [] : [`height="${height}"`]),
    ...(frameRate === undefined ? [] : [`frameRate="${dashFrameRate(frameRate)}"`]),
    ...(sampleRate === undefined ? [] : [`audioSamplingRate="${sampleRate}"`]),
  ]
}

/** MPD frame rates are whole numbers or fractions: 29.97 is `30000/1001` (ISO/IEC 23009-1, FrameRateType). */
function dashFrameRate(frameRate: number): string {
  if (Number.isInteger(frameRate)) return String(frameRate)
  const ntsc = Math.round((frameRate * 1_001) / 1_000) * 1_000
  return Math.abs(ntsc / 1_001 - frameRate) < 0.01 ? `${ntsc}/1001` : `${Math.round(frameRate * 1_000)}/1000`
}

/** Of a codecs string, what RFC 6381 allows: it stands between quotation marks in both formats. */
const codecs = (rendition: Rendition): string => rendition.codecs.replaceAll(/[^\w.,+-]/g, '')

// HLS (RFC 8216; EXT-X-GAP: draft-pantos-hls-rfc8216bis, 4.4.4.7). EXT-X-MAP outside of I-frame playlists asks for 6.
const hlsHead = ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-INDEPENDENT-SEGMENTS']

/** The multivariant playlist: one variant for each video rendition, with one group of all audio renditions. */
export function mainPlaylist(event: LiveEvent): string {
  const audio = event.renditions.filter(rendition => rendition.kind === 'audio')
  const video = event.renditions.filter(rendition => rendition.kind === 'video')
  if (video.length === 0) return lines([...hlsHead, ...audio.flatMap(rendition => variant(rendition, []))])
  const media = audio.map(({ name }, index) =>
    [
      '#EXT-X-MEDIA:TYPE=AUDIO',
      'GROUP-ID="audio"',
      `NAME="${name}"`,
      `DEFAULT=${index === 0 ? 'YES' : 'NO'}`,
      'AUTOSELECT=YES',
      `URI="${name}/index.m3u8"`,
    ].join(','),
  )
  return lines([...hlsHead, ...media, ...video.flatMap(rendition => variant(rendition, audio))])
}

function variant(rendition: Rendition, audio: readonly Rendition[]): string[] {
  const { name, bitsPerSecond, width, height, frameRate } = rendition
  // RFC 8216, 4.3.4.2: the peak over any combination of renditions, and every codec of the variant.
  const audioPeak = Math.max(0, ...audio.map(a => a.bitsPerSecond))
  const attributes = [
    `BANDWIDTH=${bitsPerSecond + audioPeak}`,
    `CODECS="${[...new Set([rendition, ...audio].map(codecs))].join(',')}"`,
    ...(width === undefined || height === undefined ? [] : [`RESOLUTION=${width}x${height}`]),
    ...(frameRate === undefined ? [] : [`FRAME-RATE=${frameRate.toFixed(3)}`]),
    ...(audio.length === 0 ? [] : ['AUDIO="audio"']),
  ]
  return [`#EXT-X-STREAM-INF:${attributes.join(',')}`, `${name}/index.m3u8`]
}

/** Which segments a media playlist names. */
export interface PlaylistWindow {
  /** The oldest that can be asked for. */
  readonly first: SegmentNumber
  /** The newest that is published or known to be missing; below `first` while there is none. */
  readonly last: SegmentNumber
  /** Numbers from `first` to `last` that are missing, for good or at least now. */
  readonly gaps: readonly SegmentNumber[]
}

/**
 * The media playlist of one rendition. Numbers outside of the event are left out. A missing segment keeps its place, with
 * EXT-X-GAP: media sequence numbers are segment numbers, so that a player computes the same addresses from either.
 * @param ended nothing will ever be added: EXT-X-ENDLIST
 */
export function mediaPlaylist(event: LiveEvent, window: PlaylistWindow, ended: boolean): string {
  const first = Math.max(window.first as number, event.firstNumber)
  const missing = new Set(window.gaps)
  const seconds = (event.segmentMs / 1_000).toFixed(3)
  const body: string[] = []
  for (let number = first; number <= (window.last as number) && isOfEvent(event, number); number++) {
    // Where media resumes after a gap the clock is stated anew: durations differ from the nominal one by up to a frame.
    if (number === first || (missing.has(number - 1) && !missing.has(number))) {
      body.push(`#EXT-X-PROGRAM-DATE-TIME:${formatInstant(captureStart(event, number))}`)
    }
    if (missing.has(number)) body.push('#EXT-X-GAP')
    body.push(`#EXTINF:${seconds},`, `${number}.m4s`)
  }
  return lines([
    ...hlsHead,
    `#EXT-X-TARGETDURATION:${Math.ceil(event.segmentMs / 1_000)}`,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    '#EXT-X-MAP:URI="init.mp4"',
    ...body,
    ...(ended ? ['#EXT-X-ENDLIST'] : []),
  ])
}

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`
