import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anEvent } from './event.fixture.ts'
import { type LifeFacts, lifeOf } from './life.ts'
import { dueFrom, expectedPublication, leavesWindow, retryDeadline } from './template.ts'

const event = anEvent()
const number = 20
const facts = (changes: Partial<LifeFacts> = {}): LifeFacts => ({
  chosen: false,
  allMasked: false,
  holdEnded: false,
  pushesArriveUntilMs: Infinity,
  ...changes,
})
const stateAt = (now: number, changes?: Partial<LifeFacts>) => lifeOf(event, number, facts(changes), now).state

describe('the life of a segment number', () => {
  const dueMs = dueFrom(event, number)
  it('goes from future to due to gone when nobody publishes', () => {
    expect(stateAt(dueMs - 0.001)).toBe('future')
    expect(stateAt(dueMs)).toBe('due')
    expect(stateAt(retryDeadline(event, number) - 0.001)).toBe('due')
    expect(lifeOf(event, number, facts(), retryDeadline(event, number))).toMatchObject({
      state: 'gone',
      gone: 'never-made',
    })
  })

  it('is overdue once a hold ended, or when pushes stopped', () => {
    expect(stateAt(dueMs + 1, { holdEnded: true })).toBe('overdue')
    expect(stateAt(dueMs + 1, { pushesArriveUntilMs: dueMs })).toBe('overdue')
    expect(stateAt(dueMs - 1, { pushesArriveUntilMs: 0 })).toBe('future')
  })

  it('is published until it leaves the window, whatever came before', () => {
    const chosen = { chosen: true, holdEnded: true }
    expect(stateAt(expectedPublication(event, number), chosen)).toBe('published')
    expect(stateAt(leavesWindow(event, number) - 0.001, chosen)).toBe('published')
    expect(lifeOf(event, number, facts(chosen), leavesWindow(event, number))).toMatchObject({ gone: 'left-window' })
  })

  it('is gone while every candidate is masked', () => {
    expect(lifeOf(event, number, facts({ allMasked: true }), dueMs)).toMatchObject({
      state: 'gone',
      gone: 'all-masked',
    })
  })

  it('knows no number that is not of the event', () => {
    expect(lifeOf(event, 0, facts(), dueMs).state).toBe('outside')
  })

  it('keeps its state until validUntilMs', () => {
    const anyFacts = fc.record({
      chosen: fc.boolean(),
      allMasked: fc.boolean(),
      holdEnded: fc.boolean(),
      pushesArriveUntilMs: fc.integer({ min: -5_000, max: 60_000 }).map(ms => event.startMs + ms),
    })
    fc.assert(
      fc.property(
        anyFacts,
        fc.nat(40),
        fc.integer({ min: -5_000, max: 400_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (given, n, offset, part) => {
          const now = event.startMs + offset
          const life = lifeOf(event, n, given, now)
          const until = Math.min(life.validUntilMs, now + 1_000_000)
          expect(life.validUntilMs).toBeGreaterThan(now)
          const later = now + (until - now) * part
          expect(lifeOf(event, n, given, later)).toEqual(life)
        },
      ),
    )
  })
})
