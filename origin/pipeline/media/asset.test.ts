import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inspectCmaf } from '../../../live/cmaf.ts'
import { renditionSchema } from '../../../live/event.ts'
import { assetDirectory, assetRendition, initSegment, loadAsset, mediaSegment, segmentTiming } from './asset.ts'
import type { AssetIndex } from './asset-index.ts'

const asset = loadAsset()
const anyName = fc.constantFrom(...asset.renditions.map(rendition => rendition.description.name))
const anyIndex = fc.oneof(fc.nat(50), fc.nat(2 ** 31))

describe('the committed asset', () => {
  test('has three video renditions and one of audio, 8 s each, under 4 MB in all', () => {
    const kinds = asset.renditions.map(({ description: d }) => `${d.name} ${d.kind} ${d.codecs}`)
    const videos = ['v1 video avc1.4D4015', 'v2 video avc1.4D401E', 'v3 video avc1.4D401E']
    expect(kinds).toEqual([...videos, 'a1 audio mp4a.40.2'])
    expect(asset).toMatchObject({ segmentMs: 2000, loopMs: 8000 })
    const bytes = asset.renditions.flatMap(r => r.segments).reduce((sum, segment) => sum + segment.bytes.byteLength, 0)
    expect(bytes).toBeLessThan(4_000_000)
  })

  test('describes its renditions as an event does', () => {
    for (const { description } of asset.renditions) expect(renditionSchema.parse(description)).toEqual(description)
  })

  test('has 50 frames of video a segment, and 375 AAC frames that no segment boundary splits', () => {
    const samples = (name: string) => assetRendition(asset, name).segments.map(segment => segment.sampleCount)
    for (const name of ['v1', 'v2', 'v3']) expect(samples(name)).toEqual([50, 50, 50, 50])
    expect(samples('a1')).toEqual([94, 94, 94, 93])
  })
})

describe('the endless timeline', () => {
  test('begins at 0 and each segment begins where the one before it ends', () => {
    fc.assert(
      fc.property(anyName, anyIndex, (name, index) => {
        const rendition = assetRendition(asset, name)
        const [first, here, next] = [0, index, index + 1].map(i => segmentTiming(rendition, i))
        expect(first!.decodeTicks).toBe(0)
        expect(here!.decodeTicks + here!.durationTicks).toBe(next!.decodeTicks)
        const lateMs = here!.startMs - index * asset.segmentMs
        expect(lateMs).toBeGreaterThanOrEqual(0)
        expect(lateMs).toBeLessThan(21.4)
      }),
    )
  })

  test('is what the segments themselves say', () => {
    fc.assert(
      fc.property(anyName, anyIndex, fc.nat(2 ** 40), (name, indexFromStart, decodeOriginTicks) => {
        const timing = segmentTiming(assetRendition(asset, name), indexFromStart)
        const wallClockMs = 1_700_000_000_000 + (timing.startMs % 86_400_000)
        const found = inspectCmaf(mediaSegment(asset, name, { indexFromStart, decodeOriginTicks, wallClockMs }))
        const baseDecodeTime = decodeOriginTicks + timing.decodeTicks
        expect(found).toMatchObject({ ok: true, sequenceNumber: indexFromStart + 1, baseDecodeTime, complete: true })
        expect(found.ok && found.prftWallClockMs).toBeCloseTo(wallClockMs, 3)
      }),
      { numRuns: 50 },
    )
  })

  test.each([-1, 0.5, Number.NaN, 2 ** 32 - 1])('has no segment %s', indexFromStart => {
    expect(() => mediaSegment(asset, 'v1', { indexFromStart, wallClockMs: 0 })).toThrow(RangeError)
  })

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('was not captured at %s', wallClockMs => {
    expect(() => mediaSegment(asset, 'v1', { indexFromStart: 0, wallClockMs })).toThrow(/wall clock/)
  })

  test('refuses names that it does not have and decode times that are no whole numbers', () => {
    expect(() => initSegment(asset, 'v9')).toThrow('no rendition "v9" in the asset; it has v1, v2, v3, a1')
    for (const decodeOriginTicks of [-1, 0.5, 2 ** 53]) {
      const request = { indexFromStart: 0, decodeOriginTicks, wallClockMs: 0 }
      expect(() => mediaSegment(asset, 'v1', request)).toThrow(/decode time/)
    }
  })
})

describe('an asset that cannot be used says why', () => {
  let directory = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tidegate-asset-'))
    cpSync(assetDirectory, directory, { recursive: true })
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  const changeIndex = (change: (index: AssetIndex) => void) => {
    const path = join(directory, 'asset.json')
    const index = JSON.parse(readFileSync(path, 'utf8')) as AssetIndex
    change(index)
    writeFileSync(path, JSON.stringify(index))
  }
  const load = () => loadAsset(directory)

  test('no directory', () => {
    expect(() => loadAsset(join(directory, 'nowhere'))).toThrow(/asset\.json: cannot be read.*make-asset/)
  })

  test('an index that is no JSON, lacks a field or points out of its directory', () => {
    writeFileSync(join(directory, 'asset.json'), '{')
    expect(load).toThrow(/asset\.json: SyntaxError/)
    writeFileSync(join(directory, 'asset.json'), '{}')
    expect(load).toThrow(/asset\.json: .*renditions/s)
    cpSync(assetDirectory, directory, { recursive: true })
    changeIndex(index => Object.assign(index.renditions[0]!.init, { file: '../v2/init.mp4' }))
    expect(load).toThrow(/a file name like 0\.m4s/)
  })

  test('a torn segment', () => {
    const path = join(directory, 'v2', '1.m4s')
    writeFileSync(path, readFileSync(path).subarray(0, 1000))
    expect(load).toThrow(/1\.m4s: its length in bytes is 1000, but asset\.json says \d+/)
  })

  test('segments out of order', () => {
    changeIndex(index => index.renditions[3]!.segments.reverse())
    expect(load).toThrow(/a1: segment 0 begins at 288768, the one before ends at 0/)
  })

  test('a loop of another length', () => {
    changeIndex(index => {
      for (const rendition of index.renditions) rendition.segments.pop()
    })
    expect(load).toThrow(/a1: lasts 288768 ticks, a loop needs 288000/)
  })

  test('renditions that do not match each other', () => {
    changeIndex(index => index.renditions[0]!.segments.pop())
    expect(load).toThrow(/different numbers of segments/)
    changeIndex(index => Object.assign(index, { renditions: [index.renditions[1], index.renditions[1]] }))
    expect(load).toThrow(/two renditions have the same name/)
  })

  test('an init segment of another rendition', () => {
    cpSync(join(directory, 'a1', 'init.mp4'), join(directory, 'v1', 'init.mp4'))
    changeIndex(index => Object.assign(index.renditions[0]!.init, { bodyBytes: index.renditions[3]!.init.bodyBytes }))
    expect(load).toThrow(/init\.mp4: its timescale is 48000, but asset\.json says 90000/)
  })
})
