import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anEvent } from './event.fixture.ts'
import {
  captureEnd,
  captureStart,
  capturingNumber,
  dueFrom,
  expectedPublication,
  isDvr,
  isOfEvent,
  lastNumber,
  leavesWindow,
  liveEdge,
  nextCaptureStart,
  windowStart,
} from './template.ts'

const events = fc
  .record({
    segmentMs: fc.integer({ min: 200, max: 10_000 }),
    firstNumber: fc.integer({ min: 0, max: 1_000 }),
    publishDelayMs: fc.integer({ min: 0, max: 5_000 }),
    holdAheadMs: fc.integer({ min: 0, max: 10_000 }),
    dvrWindowMs: fc.integer({ min: 10_000, max: 600_000 }),
    endMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
  })
  .map(({ endMs, ...changes }) =>
    anEvent({ ...changes, endMs: endMs === undefined ? undefined : anEvent().startMs + endMs }),
  )
const offsetsMs = fc.double({ min: -50_000, max: 2_000_000, noNaN: true })

describe('template arithmetic', () => {
  it('finds the number whose capture is under way', () => {
    fc.assert(
      fc.property(events, offsetsMs, (event, offset) => {
        const now = event.startMs + offset
        const number = capturingNumber(event, now)
        expect(captureStart(event, number)).toBeLessThanOrEqual(now)
        expect(captureEnd(event, number)).toBeGreaterThan(now)
      }),
    )
  })

  it('puts the live edge at the newest number that should be published, never beyond the last', () => {
    fc.assert(
      fc.property(events, offsetsMs, (event, offset) => {
        const now = event.startMs + offset
        const edge = liveEdge(event, now)
        expect(expectedPublication(event, edge)).toBeLessThanOrEqual(now)
        if (edge < lastNumber(event)) expect(expectedPublication(event, edge + 1)).toBeGreaterThan(now)
        else expect(edge).toBe(lastNumber(event))
      }),
    )
  })

  it('starts the window at the oldest number that has not left it', () => {
    fc.assert(
      fc.property(events, offsetsMs, (event, offset) => {
        const now = event.startMs + offset
        const oldest = windowStart(event, now)
        expect(leavesWindow(event, oldest)).toBeGreaterThan(now)
        if (oldest > event.firstNumber) expect(leavesWindow(event, oldest - 1)).toBeLessThanOrEqual(now)
      }),
    )
  })

  it('opens the due window after the capture and never after the publication', () => {
    fc.assert(
      fc.property(events, fc.nat(1_000), (event, ahead) => {
        const number = event.firstNumber + ahead
        expect(dueFrom(event, number)).toBeGreaterThanOrEqual(captureEnd(event, number))
        expect(dueFrom(event, number)).toBeLessThanOrEqual(expectedPublication(event, number))
      }),
    )
  })

  it('counts a cut last segment as one', () => {
    const event = anEvent({ endMs: anEvent().startMs + 5_000 })
    expect(lastNumber(event)).toBe(3)
    expect(isOfEvent(event, 3)).toBe(true)
    expect(isOfEvent(event, 4)).toBe(false)
    expect(isOfEvent(event, 0)).toBe(false)
  })

  it('calls DVR what lies well behind the normal delay', () => {
    const event = anEvent()
    const published = expectedPublication(event, 10)
    expect(isDvr(event, 10, published + event.dvrAfterMs - 1)).toBe(false)
    expect(isDvr(event, 10, published + event.dvrAfterMs)).toBe(true)
  })
})

it('the next capture begins at a segment’s capture, now or within the length of one', () => {
  fc.assert(
    fc.property(events, fc.integer({ min: -50_000, max: 2_000_000 }), (event, offsetMs) => {
      const instant = event.startMs + offsetMs
      const next = nextCaptureStart(event, instant)
      expect(next).toBeGreaterThanOrEqual(instant)
      expect(next).toBeLessThan(instant + event.segmentMs)
      expect(captureStart(event, capturingNumber(event, next))).toBe(next)
    }),
  )
})
