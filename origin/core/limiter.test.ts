import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CoreWorld, questionOf } from './core-world.fixture.ts'
import { Limiter, type LimiterConfig, limiterSchema } from './limiter.ts'

const defaults = limiterSchema.parse({})
const slow = { durationMs: 101, failed: false }
const fast = { durationMs: 100, failed: false }
const failed = { durationMs: 0, failed: true }

describe('the limiter', () => {
  const repeat = (limiter: Limiter, read: typeof slow, times: number, now: number) => {
    for (let i = 0; i < times; i++) limiter.readEnded(read, now)
  }

  it('begins above 40 % of slow reads, not at it, and not with a few', () => {
    const limiter = new Limiter(defaults)
    repeat(limiter, slow, 19, 0)
    expect(limiter.isLimiting(0), '19 reads say nothing').toBe(false)
    const other = new Limiter(defaults)
    repeat(other, fast, 30, 0)
    repeat(other, slow, 20, 0)
    expect(other.isLimiting(0), '20 of 50').toBe(false)
    expect(other.readEnded(slow, 0)).toEqual({ isSlow: true, began: true })
    expect(other.isLimiting(0)).toBe(true)
  })

  it('counts a read that failed as slow', () => {
    const limiter = new Limiter(defaults)
    repeat(limiter, failed, 20, 0)
    expect(limiter.isLimiting(0)).toBe(true)
  })

  it('goes on between the two shares, and ends at the lower one', () => {
    const limiter = new Limiter(defaults)
    repeat(limiter, slow, 30, 0)
    repeat(limiter, fast, 70, 1)
    expect(limiter.isLimiting(1), '30 %').toBe(true)
    repeat(limiter, fast, 50, 2)
    expect(limiter.isLimiting(2), '20 %').toBe(false)
  })

  it('ends by time, a window behind the last slow read', () => {
    const limiter = new Limiter(defaults)
    repeat(limiter, slow, 20, 0)
    limiter.readEnded(slow, 500)
    expect(limiter.untilMs).toBe(2_500)
    expect(limiter.isLimiting(2_499)).toBe(true)
    expect(limiter.isLimiting(2_500)).toBe(false)
  })

  it('keeps to what it says, whatever reads come', () => {
    const read = fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 5_000 })),
      durationMs: fc.integer({ min: 1, max: 200 }),
      failed: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
      times: fc.integer({ min: 1, max: 15 }),
    })
    const config: fc.Arbitrary<LimiterConfig> = fc
      .record({
        share: fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(({ share, part }) => ({ targetMs: 100, share, endShare: share * part, windowMs: 1_000, minReads: 10 }))
    fc.assert(
      fc.property(
        config,
        fc.array(read, { maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (config, reads, part) => {
          const limiter = new Limiter(config)
          const ended: { atMs: number; isSlow: boolean }[] = []
          let now = 0
          let lastSlowMs = -Infinity
          for (const { afterMs, durationMs, failed, times } of reads) {
            const untilMs = limiter.untilMs as number
            // Between two reads it changes at `untilMs` only, and only to open.
            const instant = now + afterMs * part
            expect(limiter.isLimiting(instant)).toBe(instant < untilMs)
            now += afterMs
            for (let i = 0; i < times; i++) {
              const { isSlow, began } = limiter.readEnded({ durationMs, failed }, now)
              expect(isSlow).toBe(failed || durationMs > 100)
              ended.push({ atMs: now, isSlow })
              if (isSlow) lastSlowMs = now
              // The window slides by a tenth: what it counts lies between nine tenths of it and the whole.
              const within = ended.filter(({ atMs }) => atMs > now - config.windowMs)
              const { reads, slow } = limiter.view(now)
              expect(reads).toBeLessThanOrEqual(within.length)
              expect(reads).toBeGreaterThanOrEqual(
                ended.filter(({ atMs }) => atMs > now - 0.9 * config.windowMs).length,
              )
              if (began) {
                expect(reads).toBeGreaterThanOrEqual(config.minReads)
                expect(slow / reads).toBeGreaterThan(config.share)
              }
              if (slow / reads <= config.endShare) expect(limiter.isLimiting(now)).toBe(false)
              expect(limiter.untilMs).toBeLessThanOrEqual(lastSlowMs + config.windowMs)
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('the limiter in the origin', () => {
  it('sheds DVR, cacheable, until limiting can end by time, and leaves the live edge alone', () => {
    const world = new CoreWorld({ dvrWindowMs: 60_000, dvrAfterMs: 12_000 })
    for (const number of [2, 10]) {
      world.advanceTo(number * 2_000 + 500)
      expect(world.put(number).status).toBe(201)
    }
    for (let i = 0; i < 20; i++) world.core.readEnded(slow, world.now)
    const shed = world.inspect(2)
    expect(shed).toMatchObject({ do: 'refuse', status: 503, reason: 'shed', validUntilMs: world.now + 2_000 })
    expect(shed).toHaveProperty('lifetime.is', 'for')
    expect(world.inspect(10)).toMatchObject({ do: 'serve', reason: 'published' })
    expect(world.core.inspect(questionOf(11), world.now)).toMatchObject({ reason: 'too-early' })
    expect(world.core.isShedding(world.now)).toBe(true)
    world.advanceTo(world.now + 2_000)
    expect(world.inspect(2)).toMatchObject({ do: 'serve' })
    expect(world.core.isShedding(world.now)).toBe(false)
  })
})
