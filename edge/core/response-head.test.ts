import { describe, expect, test } from 'vitest'
import { parseCacheStatus } from '../../live/cache-status.ts'
import { edgeReasons } from '../../live/reasons.ts'
import { nginxWord, type Rendering, renderHead, renderShort } from './response-head.ts'
import type { CopyHead } from './verdict.ts'

const now = 1_700_000_010_000

const copy = (changes: Partial<CopyHead> = {}): CopyHead => ({
  copy: 1,
  key: 'v1 /live/final/v1/12.m4s',
  status: 200,
  headers: {
    'content-type': 'video/iso.segment',
    'cache-control': 'max-age=9',
    'cdn-cache-control': 'max-age-ms=9999',
  },
  complete: true,
  arrivedMs: now - 2_500,
  initialAgeMs: 0,
  freshUntilMs: now + 1_700,
  live: true,
  asked: { version: 1, sequence: 2 },
  ...changes,
})

const rendering = (changes: Partial<Rendering> = {}): Rendering => ({
  now,
  cacheName: 'a1',
  to: 'player',
  reason: 'hit',
  collapsed: false,
  ...changes,
})

describe('lifetimes of live objects', () => {
  test('players get the whole seconds that are left, rounded down, and no word for edges', () => {
    const fields = renderHead(copy(), rendering())
    expect(fields).toMatchObject({ 'cache-control': 'max-age=1', age: '2' })
    expect(fields['cdn-cache-control']).toBeUndefined()
  })

  test('siblings get the milliseconds that are left', () => {
    const fields = renderHead(copy(), rendering({ to: 'sibling' }))
    expect(fields['cdn-cache-control']).toBe('max-age=1, max-age-ms=1700')
  })

  test('players must not keep a negative answer, siblings may', () => {
    expect(renderHead(copy({ status: 404 }), rendering())['cache-control']).toBe('no-store')
    const fields = renderHead(copy({ status: 404 }), rendering({ to: 'sibling' }))
    expect(fields['cdn-cache-control']).toBe('max-age=1, max-age-ms=1700')
  })

  test('what has ended has nothing left', () => {
    const fields = renderHead(copy({ freshUntilMs: now - 1 }), rendering({ to: 'sibling' }))
    expect(fields['cdn-cache-control']).toBe('max-age=0, max-age-ms=0')
  })
})

test('what is not live keeps its Cache-Control and gets its age, the age that it came with included', () => {
  const fields = renderHead(copy({ live: false, initialAgeMs: 3_000 }), rendering())
  expect(fields).toMatchObject({ 'cache-control': 'max-age=9', age: '5' })
})

test('what belongs to one connection is not passed on', () => {
  const headers = {
    connection: 'close',
    'transfer-encoding': 'chunked',
    'keep-alive': 'x',
    etag: '"e"',
    'live-region': 'eu',
  }
  const fields = renderHead(copy({ headers }), rendering())
  expect(Object.keys(fields).sort()).toEqual([
    'age',
    'cache-control',
    'cache-status',
    'etag',
    'live-region',
    'live-version',
  ])
})

describe('the state of the event', () => {
  const order = { version: 1, epoch: 1, sequence: 9 }
  const event = { state: { version: 1, sequence: 7 }, notifications: { order, notifications: [] } }

  test('is the newest that is known, not what came with the copy', () => {
    const old = { 'live-notifications': 'old', 'live-version': '1;sequence=2', 'live-pipeline': 'a' }
    const fields = renderHead(copy({ headers: old }), rendering({ event }))
    expect(fields['live-version']).toBe('1;sequence=7')
    expect(fields['live-notifications']).toBe('"state";version=1;epoch=1;sequence=9')
    expect(fields['live-pipeline']).toBe('a')
  })

  test('is that of the copy where that was asked for as newer', () => {
    const fields = renderHead(copy({ asked: { version: 2, sequence: 0 } }), rendering({ event }))
    expect(fields['live-version']).toBe('2;sequence=0')
  })

  test('stands on short answers too', () => {
    const fields = renderShort({ status: 404, reason: 'refused-outside' }, rendering({ event }))
    expect(fields['live-notifications']).toContain('sequence=9')
  })
})

describe('Cache-Status', () => {
  const statusOf = (changes: Partial<Rendering>, of: Partial<CopyHead> = {}) =>
    parseCacheStatus(renderHead(copy(of), rendering(changes))['cache-status'])

  test('a hit has its time to live', () => {
    expect(statusOf({})).toMatchObject([{ cache: 'a1', hit: true, ttlMs: 1_700, detail: 'hit' }])
  })

  test('a fill says why it went forward, what came, and that it is stored', () => {
    const [status] = statusOf({ reason: 'fill-expired' })
    expect(status).toMatchObject({ hit: false, fwd: 'stale', detail: 'fill-expired', collapsed: false })
  })

  test('who joined says so', () => {
    expect(statusOf({ reason: 'collapsed' })).toMatchObject([{ hit: false, fwd: 'miss', collapsed: true }])
  })

  test('stands behind that of the caches nearer the origin', () => {
    const headers = { 'cache-status': 'origin; detail=held' }
    expect(statusOf({}, { headers }).map(({ cache }) => cache)).toEqual(['origin', 'a1'])
  })
})

describe('short answers', () => {
  test('are problems that nobody keeps', () => {
    const answer = { status: 503, reason: 'shared-failure', askAgainInMs: 250 } as const
    expect(renderShort(answer, rendering())).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'retry-after': '1',
      'cache-status': 'a1;detail=shared-failure',
    })
  })

  test('a sibling is told for how long it would get the same', () => {
    const answer = { status: 503, reason: 'refused-shed-class', askAgainInMs: 4_200.5 } as const
    const fields = renderShort(answer, rendering({ to: 'sibling' }))
    expect(fields['cdn-cache-control']).toBe('max-age=4, max-age-ms=4201')
    expect(renderShort({ status: 508, reason: 'refused-loop' }, rendering({ to: 'sibling' }))).not.toHaveProperty(
      'cdn-cache-control',
    )
  })
})

test("nginx's words, by a switch", () => {
  expect(renderHead(copy(), rendering())).not.toHaveProperty('x-cache-status')
  expect(renderHead(copy(), rendering({ words: true }))['x-cache-status']).toBe('HIT')
  const words = new Set((Object.keys(edgeReasons) as (keyof typeof edgeReasons)[]).map(nginxWord))
  expect(words).toEqual(new Set(['HIT', 'MISS', 'EXPIRED', 'STALE', 'UPDATING', 'BYPASS']))
})
