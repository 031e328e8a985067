import { expect, test } from 'vitest'
import type { VariantLogs } from './logs.ts'
import { overIdeal } from './over-ideal.ts'
import type { SeenRequest } from './place.ts'

const filledAt = (place: string, id: string, atMs: number, site = 'a'): SeenRequest =>
  ({
    id,
    place,
    path: '/live/final/v1/7.m4s',
    atMs,
    site,
    edge: id.slice(0, 2),
    sent: { status: 200, lastByteMs: atMs, bytes: 1 },
  }) as unknown as SeenRequest

test('the origins of all regions are one: what was filled in one and asked for in another is over the ideal', () => {
  const requests = [
    filledAt('origin-eu', 'a1-f1', 10),
    filledAt('origin-us', 'a1-f2', 20),
    filledAt('origin-us', 'b1-f1', 30, 'b'),
    filledAt('a1', 'p1-1', 5),
  ]
  const logs: VariantLogs = { requests, fetches: [], players: [], incomplete: [] }
  const summary = overIdeal(logs, new Set(['origin-eu', 'origin-us']), 0)
  expect(summary).toMatchObject({ segmentRequests: 3, ideal: 2 })
  expect(summary.over.map(({ id }) => id)).toEqual(['a1-f2'])
})
