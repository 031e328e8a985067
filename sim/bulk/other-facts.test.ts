import { expect, test } from 'vitest'
import { RandomStream } from '../../live/random.ts'
import { type Unkept, unkeptAt, upstreamOf } from './other-facts.ts'

test('a lifetime under Poisson arrivals is renewed at r / (1 + r T)', () => {
  const [rate, lifetime] = [3, 0.5]
  expect(upstreamOf({ upstream: 1 / lifetime, asks: Infinity }, 1, rate)).toBeCloseTo(rate / (1 + rate * lifetime), 12)
  expect(upstreamOf({ upstream: 10 / lifetime, asks: Infinity }, 10, 10 * rate)).toBeCloseTo(
    (10 * rate) / (1 + rate * lifetime),
    12,
  )
  expect(upstreamOf({ upstream: 2, asks: 5 }, 1, 0)).toBe(0)
  // Asked as often as the one that was seen, it makes as many requests; asked once for each of them, one each.
  expect(upstreamOf({ upstream: 7, asks: 30 }, 2, 30)).toBeCloseTo(7, 12)
  expect(upstreamOf({ upstream: 7, asks: 7 }, 2, 3)).toBeCloseTo(3, 12)
})

/** Arrivals at `rate` (1/ms) at something that answers in `answerMs` and keeps no answer: one request at a time. */
function oneAtATime(rate: number, answerMs: number, forMs: number): Unkept<number> {
  const stream = new RandomStream(9, `${rate}`)
  let [requests, busyMs, idleMs, freeMs, nowMs] = [0, 0, 0, 0, 0]
  while (nowMs < forMs) {
    nowMs += stream.exponential(1 / rate)
    if (nowMs < freeMs) continue
    if (requests > 0) idleMs += nowMs - freeMs
    busyMs += answerMs
    requests++
    freeMs = nowMs + answerMs
  }
  return { requests, busyMs, idleMs }
}

test('what is not kept is asked for as often as somebody finds nothing under way', () => {
  const seen = oneAtATime(0.8, 1, 200_000)
  for (const times of [0.25, 1, 4]) {
    const there = oneAtATime(0.8 * times, 1, 200_000)
    expect(unkeptAt(seen, times) / there.requests).toBeCloseTo(1, 2)
  }
  expect(unkeptAt(seen, 0)).toBe(0)
  expect(unkeptAt({ requests: 0, busyMs: 0, idleMs: 0 }, 2)).toBe(0)
})
