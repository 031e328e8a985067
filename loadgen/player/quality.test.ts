import { describe, expect, test } from 'vitest'
import { ladderOf } from './ladder.ts'
import type { RequestOutcome } from './player-io.ts'
import type { Profile } from './profile.ts'
import { profileOf } from './profiles.ts'
import { Quality } from './quality.ts'
import { ladderEvent } from './world.fixture.ts'

const ladder = ladderOf(ladderEvent()) // 0.4, 1.2 and 3 Mbit/s
const hlsJs = profileOf({ profile: 'hls.js', seed: 1, index: 0 })
const dashJs = profileOf({ profile: 'dash.js', seed: 1, index: 0 })
const media3 = profileOf({ profile: 'media3', seed: 1, index: 0 })
const shaka = profileOf({ profile: 'shaka', seed: 1, index: 0 })
const at = (rung: number, bufferMs = 3_000) => ({ rung, bufferMs, reachableMs: 3_000 })
const now = 1_000_000

/** A segment that took a second at this rate. */
const download = (bitsPerSecond: number, tookMs = 1_000): RequestOutcome => ({
  request: 1,
  result: 200,
  sentMs: 0,
  firstByteMs: 5_000, // held for five seconds, which says nothing of the network
  lastByteMs: 5_000 + tookMs,
  bodyBytes: (bitsPerSecond * tookMs) / 8_000,
})
const measured = (profile: Profile, ...rates: number[]): Quality => {
  const quality = new Quality(ladder, profile)
  for (const rate of rates) quality.came(0, download(rate))
  return quality
}

describe('the rung', () => {
  test('of hls.js goes up at 0.7 of the estimate and is kept up to 0.95', () => {
    expect(measured(hlsJs, 4_000_000).choose(at(0), now)).toBe(1)
    expect(measured(hlsJs, 4_000_000).choose(at(2), now)).toBe(2)
    expect(measured(hlsJs, 4_300_000).choose(at(0), now)).toBe(2)
    expect(measured(hlsJs, 3_100_000).choose(at(2), now)).toBe(1)
  })

  test('of Shaka changes at most every 8 s, unless it fails', () => {
    const quality = measured(shaka, 4_000_000)
    expect(quality.choose(at(0), now)).toBe(2)
    quality.came(2, download(100_000))
    expect(quality.choose(at(2), now + 7_999)).toBe(2)
    expect(quality.choose(at(2), now + 8_000)).toBe(1)
    expect(quality.leave(at(1), now + 8_100)).not.toBe(1)
  })

  test('of dash.js fits into 0.9 of the estimate, and is not lowered with a full buffer', () => {
    expect(measured(dashJs, 3_400_000).choose(at(0), now)).toBe(2)
    expect(measured(dashJs, 3_300_000).choose(at(2), now)).toBe(1)
    expect(measured(dashJs, 500_000).choose(at(2, 19_000), now)).toBe(2)
  })

  test('of media3 goes up only with enough buffered of what live allows', () => {
    const quality = measured(media3, 10_000_000)
    expect(quality.choose({ rung: 0, bufferMs: 2_000, reachableMs: 4_000 }, now)).toBe(0)
    expect(quality.choose({ rung: 0, bufferMs: 3_000, reachableMs: 4_000 }, now)).toBe(2)
    expect(quality.choose({ rung: 0, bufferMs: 9_000, reachableMs: 60_000 }, now)).toBe(0)
    expect(quality.choose({ rung: 0, bufferMs: 10_000, reachableMs: 60_000 }, now)).toBe(2)
  })

  test('is the lowest when nothing fits, and the first one fits into the initial estimate', () => {
    expect(measured(dashJs, 1_000).choose(at(2), now)).toBe(0)
    expect(new Quality(ladder, hlsJs).first()).toBe(0)
    expect(new Quality(ladder, dashJs).first()).toBe(0)
  })
})

describe('the estimate', () => {
  test('of moving averages is the lower one: it falls fast and rises slowly', () => {
    expect(measured(hlsJs, 8_000_000, 8_000_000, 8_000_000, 500_000, 500_000, 500_000).choose(at(2), now)).toBe(1)
    const slow = Array.from({ length: 20 }, () => 500_000)
    expect(measured(hlsJs, ...slow, 5_000_000, 5_000_000).choose(at(0), now)).toBe(0)
  })

  test('of a sliding median ignores a single slow download, and forgets after eight', () => {
    const fast = Array.from({ length: 7 }, () => 10_000_000)
    expect(measured(media3, ...fast, 100_000).choose(at(2), now)).toBe(2)
    const slow = Array.from({ length: 8 }, () => 800_000)
    expect(measured(media3, ...fast, ...slow).choose(at(2), now)).toBe(0)
  })

  test('does not take a tiny download for an endless network', () => {
    const quality = new Quality(ladder, hlsJs)
    quality.came(0, { ...download(1_000_000), bodyBytes: 12_500, firstByteMs: 5_000, lastByteMs: 5_000 }) // 2 Mbit/s in 50 ms
    expect(quality.choose(at(0), now)).toBe(1)
  })
})

describe('a rung that failed', () => {
  test('is not taken again before its penalty has passed, or a segment of it has come', () => {
    const quality = measured(media3, 10_000_000)
    expect(quality.leave(at(2), now)).toBe(1)
    expect(quality.choose(at(1), now + 59_999)).toBe(1)
    expect(quality.choose(at(1), now + 60_000)).toBe(2)
    expect(quality.leave(at(2), now + 70_000)).toBe(1)
    quality.came(2, download(10_000_000))
    expect(quality.choose(at(1), now + 70_001)).toBe(2)
  })

  test('is followed by the next lower one, from the lowest round to the highest, until none is left', () => {
    const quality = new Quality(ladder, hlsJs)
    expect(quality.leave(at(1), now)).toBe(0)
    expect(quality.leave(at(0), now)).toBe(2)
    expect(quality.hasOtherThan(2, now)).toBe(false)
    expect(quality.hasOtherThan(2, now + 30_000)).toBe(true)
  })
})
