import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Rendition } from '../../../live/event.ts'
import type { EpochMs, Ms } from '../../../live/units.ts'
import { type AssetIndex, assetIndexSchema, type StoredRendition, type StoredSegment } from './asset-index.ts'
import { rewriteSegment, type SegmentTemplate, segmentTemplate } from './boxes.ts'
import { AssetError, readInit } from './init-box.ts'

// The media that the pipelines loop for ever. Reading and checking happen once, at load; afterwards a segment is a copy.

/** One rendition, in memory and checked. */
export type AssetRendition = {
  /** What `event.json` and the manifests say of it. */
  readonly description: Rendition
  /** The rate over the whole loop, as sent (HLS `AVERAGE-BANDWIDTH`); `description.bitsPerSecond` is the peak. */
  readonly averageBitsPerSecond: number
  readonly init: Buffer
  readonly segments: readonly SegmentTemplate[]
  /** Length of the loop in ticks of `description.timescale`. */
  readonly loopTicks: number
}

export type Asset = {
  /** Nominal length of a segment. */
  readonly segmentMs: Ms
  readonly loopMs: Ms
  /** In the ladder's order, lowest video first, then audio. */
  readonly renditions: readonly AssetRendition[]
}

/** Where a segment of the event lies on its rendition's timeline, whose 0 is the event's start. */
export type SegmentTiming = {
  readonly decodeTicks: number
  readonly durationTicks: number
  readonly startMs: Ms
  readonly durationMs: Ms
}

/** The asset that the repository carries. */
export const assetDirectory = fileURLToPath(new URL('asset', import.meta.url))

const maxSequenceNumber = 2 ** 32 - 1

const readFile = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new AssetError(`${path}: cannot be read; \`node origin/pipeline/media/make-asset.ts\` makes it`, { cause })
  }
}

const readIndex = (path: string): AssetIndex => {
  const text = readFile(path).toString('utf8')
  try {
    return assetIndexSchema.parse(JSON.parse(text))
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)
    throw new AssetError(`${path}: ${why}`, { cause })
  }
}

const expectSame = (where: string, what: string, inFile: number | string, inIndex: number | string) => {
  if (inFile !== inIndex) throw new AssetError(`${where}: ${what} is ${inFile}, but asset.json says ${inIndex}`)
}

const loadSegment = (directory: string, stored: StoredSegment, trackId: number): SegmentTemplate => {
  const where = join(directory, stored.file)
  const bytes = readFile(where)
  expectSame(where, 'its length in bytes', bytes.byteLength, stored.bodyBytes)
  const template = segmentTemplate(bytes, where)
  expectSame(where, 'its decode time', template.decodeTicks, stored.decodeTicks)
  expectSame(where, 'its duration', template.durationTicks, stored.durationTicks)
  if (template.trackId !== trackId) throw new AssetError(`${where}: is of track ${template.trackId}, not ${trackId}`)
  return template
}

/** Each segment begins where the one before it ends, and the loop is as long as it should be, to the tick. */
const checkTimeline = (directory: string, segments: readonly SegmentTemplate[], loopTicks: number) => {
  let endTicks = 0
  for (const [i, segment] of segments.entries()) {
    if (segment.decodeTicks !== endTicks) {
      throw new AssetError(
        `${directory}: segment ${i} begins at ${segment.decodeTicks}, the one before ends at ${endTicks}`,
      )
    }
    endTicks += segment.durationTicks
  }
  if (endTicks !== loopTicks) throw new AssetError(`${directory}: lasts ${endTicks} ticks, a loop needs ${loopTicks}`)
}

const loadRendition = (directory: string, stored: StoredRendition, loopMs: number): AssetRendition => {
  const { averageBitsPerSecond, init: storedInit, segments: storedSegments, ...description } = stored
  const where = join(directory, storedInit.file)
  const init = readFile(where)
  expectSame(where, 'its length in bytes', init.byteLength, storedInit.bodyBytes)
  const facts = readInit(init, where)
  expectSame(where, 'its timescale', facts.timescale, description.timescale)
  expectSame(where, 'its kind', facts.kind, description.kind)
  const segments = storedSegments.map(segment => loadSegment(directory, segment, facts.trackId))
  const loopTicks = (loopMs * description.timescale) / 1000
  checkTimeline(directory, segments, loopTicks)
  return { description, averageBitsPerSecond, init, segments, loopTicks }
}

/**
 * Reads an asset into memory and checks every length and time in it.
 * @param directory where `asset.json` is; the repository's own asset by default
 * @throws {AssetError} naming the file, what is wrong and what would be right
 */
export const loadAsset = (directory: string = assetDirectory): Asset => {
  const index = readIndex(join(directory, 'asset.json'))
  const names = index.renditions.map(rendition => rendition.name)
  if (new Set(names).size !== names.length) throw new AssetError(`${directory}: two renditions have the same name`)
  const counts = new Set(index.renditions.map(rendition => rendition.segments.length))
  if (counts.size !== 1) throw new AssetError(`${directory}: the renditions have different numbers of segments`)
  const loopMs = index.segmentMs * index.renditions[0]!.segments.length
  const renditions = index.renditions.map(stored => loadRendition(join(directory, stored.name), stored, loopMs))
  return { segmentMs: index.segmentMs, loopMs, renditions }
}

/** @throws {RangeError} when the asset has no rendition of that name */
export const assetRendition = (asset: Asset, name: string): AssetRendition => {
  const rendition = asset.renditions.find(r => r.description.name === name)
  if (rendition) return rendition
  const names = asset.renditions.map(r => r.description.name).join(', ')
  throw new RangeError(`no rendition ${JSON.stringify(name)} in the asset; it has ${names}`)
}

/** The stored segment behind the event's segment `index`, and the ticks at which that loop began. */
const locate = (rendition: AssetRendition, index: number) => {
  if (!Number.isSafeInteger(index) || index < 0 || index >= maxSequenceNumber) {
    throw new RangeError(`segment index ${index} is not a whole number from 0 to ${maxSequenceNumber - 1}`)
  }
  const count = rendition.segments.length
  return {
    template: rendition.segments[index % count]!,
    loopStartTicks: Math.floor(index / count) * rendition.loopTicks,
  }
}

/**
 * Where the event's segment `indexFromStart` (0 is the first) lies. Exact for ever: loops are counted in whole ticks, so
 * nothing adds up. An audio segment begins up to one AAC frame (21.3 ms) after `indexFromStart * segmentMs`.
 */
export const segmentTiming = (rendition: AssetRendition, indexFromStart: number): SegmentTiming => {
  const { template, loopStartTicks } = locate(rendition, indexFromStart)
  const { timescale } = rendition.description
  const decodeTicks = loopStartTicks + template.decodeTicks
  return {
    decodeTicks,
    durationTicks: template.durationTicks,
    startMs: (decodeTicks * 1000) / timescale,
    durationMs: (template.durationTicks * 1000) / timescale,
  }
}

/** Which segment is wanted, and when it was captured. */
export type SegmentRequest = {
  /** Whole segments since the event's start; 0 is the first. */
  readonly indexFromStart: number
  /** The decode time of the event's start, ticks of the rendition's timescale; 0 unless a manifest has an offset. */
  readonly decodeOriginTicks?: number
  /** The producer's clock at the capture of the segment's first sample: event start + `segmentTiming().startMs`. */
  readonly wallClockMs: EpochMs
}

/**
 * The event's segment of that rendition: `styp`, `prft`, `moof`, `mdat`. A new buffer each time, for the caller to keep.
 * The sequence number is `indexFromStart + 1`; all renditions of an event share one timeline.
 * @example mediaSegment(asset, 'v1', { indexFromStart: 5, wallClockMs: startMs + 10_000 })
 */
export const mediaSegment = (asset: Asset, name: string, request: SegmentRequest): Buffer => {
  const rendition = assetRendition(asset, name)
  const { indexFromStart, decodeOriginTicks = 0, wallClockMs } = request
  const { template, loopStartTicks } = locate(rendition, indexFromStart)
  const decodeTicks = decodeOriginTicks + loopStartTicks + template.decodeTicks
  if (!Number.isSafeInteger(decodeTicks) || decodeTicks < 0) {
    throw new RangeError(`decode time ${decodeTicks} is not a whole number from 0 to 2^53 - 1`)
  }
  if (!Number.isFinite(wallClockMs) || wallClockMs < 0) throw new RangeError(`wall clock ${wallClockMs} is no instant`)
  return rewriteSegment(template, { sequenceNumber: indexFromStart + 1, decodeTicks, wallClockMs })
}

/** The init segment of that rendition. Shared: not to be written to. */
export const initSegment = (asset: Asset, name: string): Buffer => assetRendition(asset, name).init
