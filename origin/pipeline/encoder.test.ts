import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { eventDefaults, type LiveEvent, parseLiveEvent } from '../../live/event.ts'
import type { Defect } from '../../live/live-state.ts'
import { readSynthetic } from '../../live/synthetic.ts'
import { makeEncoder } from './encoder.ts'
import { captureOf } from './feed.ts'
import { loadAsset } from './media/asset.ts'

const asset = loadAsset()
const startMs = 1_770_000_000_000
const makeEvent = (given: Partial<LiveEvent>): LiveEvent =>
  parseLiveEvent({
    ...eventDefaults,
    event: 'final',
    startMs,
    firstNumber: 100,
    renditions: asset.renditions.map(rendition => rendition.description),
    ...given,
  })
const encoderOf = (event: LiveEvent, bodyScale = 1) =>
  makeEncoder({ event, pipeline: 'a', bodyScale, asset: undefined })

describe('synthetic bodies', () => {
  const event = makeEvent({ body: 'synthetic' })
  const [rendition] = event.renditions
  const soundBytes = Math.round((rendition!.bitsPerSecond * 2_000) / 8_000)
  const capture = captureOf(event, 105)
  const bytesWith = (...defects: Defect[]) => encoderOf(event).segment(rendition!, capture, defects, startMs + 0.7)

  test('are as large as the rate says, and say whose they are', () => {
    const body = bytesWith()
    expect(body.byteLength).toBe(soundBytes)
    expect(readSynthetic(body, crc32)).toEqual({
      ok: true,
      identity: { event: 'final', rendition: rendition!.name, number: 105, pipeline: 'a', publishedMs: startMs },
    })
    expect(encoderOf(event, 0.1).segment(rendition!, capture, [], startMs).byteLength).toBe(Math.round(soundBytes / 10))
  })

  test('the same arguments give the same bytes', () => {
    expect(Buffer.compare(bytesWith(), bytesWith())).toBe(0)
  })

  test('lose what their defects say', () => {
    expect(bytesWith({ kind: 'short', ms: 500 }).byteLength).toBe(Math.round(soundBytes * 0.75))
    expect(bytesWith({ kind: 'short', ms: 5_000 }).byteLength).toBe(256)
    expect(bytesWith({ kind: 'missing', ms: 2_000 }).byteLength).toBe(256)
    expect(bytesWith({ kind: 'discontinuity', ms: 40 }).byteLength).toBe(soundBytes)
  })

  test('have a small initialisation segment that a restart does not change', () => {
    const init = encoderOf(event).init(rendition!)
    expect(init.byteLength).toBe(256)
    expect(readSynthetic(init, crc32).ok).toBe(true)
    expect(Buffer.compare(init, encoderOf(event).init(rendition!))).toBe(0)
  })
})

describe('real media', () => {
  const event = makeEvent({ body: 'cmaf' })
  const decodeTicks = (index: number, number: number, ...defects: Defect[]) => {
    const body = encoderOf(event).segment(event.renditions[index]!, captureOf(event, number), defects, startMs)
    const bytes = Buffer.from(body)
    // ISO/IEC 14496-12, 8.8.12: 'tfdt', version 1 and flags, then the decode time in 64 bits.
    const tfdt = bytes.indexOf('tfdt')
    expect(bytes[tfdt + 4]).toBe(1)
    return Number(bytes.readBigUInt64BE(tfdt + 8))
  }

  test("decode time 0 is the event's first frame", () => {
    expect(decodeTicks(0, 100)).toBe(0)
    expect(decodeTicks(0, 113)).toBe(13 * 2 * 90_000)
  })

  test('a discontinuity moves the decode time', () => {
    expect(decodeTicks(0, 113, { kind: 'discontinuity', ms: 40 })).toBe(13 * 2 * 90_000 + 3_600)
    expect(decodeTicks(0, 113, { kind: 'short', ms: 40 })).toBe(13 * 2 * 90_000)
  })

  test('initialisation segments are those of the asset', () => {
    expect(encoderOf(event).init(event.renditions[0]!)).toEqual(asset.renditions[0]!.init)
  })

  test('an event that the media cannot serve is refused with what would be right', () => {
    expect(() => encoderOf(makeEvent({ body: 'cmaf', segmentMs: 4_000 }))).toThrow(/those of the media 2000 ms/)
    const renditions = [{ ...event.renditions[0]!, name: 'v9' }]
    expect(() => encoderOf(makeEvent({ body: 'cmaf', renditions }))).toThrow(
      /no rendition v9: name some of v1, v2, v3, a1/,
    )
  })
})
