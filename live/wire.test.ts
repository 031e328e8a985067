import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatCacheStatus, parseCacheStatus } from './cache-status.ts'
import { ageSeconds, cdnLifetimeMs, lifetimeHeaders } from './lifetimes.ts'
import { limits } from './limits.ts'
import {
  defectKinds,
  defectWeight,
  formatDefects,
  formatEdgeName,
  formatEventState,
  formatName,
  isOlderState,
  parseDefects,
  parseEdgeName,
  parseEventState,
  parseName,
} from './live-state.ts'
import {
  compareOrder,
  formatNotifications,
  type NotificationState,
  newerState,
  parseNotifications,
  withNotification,
} from './notifications.ts'
import { formatProblem } from './problem.ts'
import { makeSynthetic, readSynthetic } from './synthetic.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/)

describe('millisecond lifetimes', () => {
  it('survive the way to the edge to the millisecond, and never grow in whole seconds', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), ttlMs => {
        const fields = lifetimeHeaders(ttlMs)
        expect(cdnLifetimeMs(fields['cdn-cache-control'])).toBe(Math.floor(ttlMs))
        expect(Number(fields['cache-control'].slice('max-age='.length)) * 1_000).toBeLessThanOrEqual(ttlMs)
      }),
    )
  })

  it('prefer max-age-ms, fall back to max-age, and heed no-store', () => {
    expect(cdnLifetimeMs('max-age=3')).toBe(3_000)
    expect(cdnLifetimeMs('max-age=3, max-age-ms=250')).toBe(250)
    expect(cdnLifetimeMs('max-age=3, no-store')).toBe(0)
    expect(cdnLifetimeMs(undefined)).toBeUndefined()
    for (const malformed of [
      'max-age=-1',
      'max-age=1.5',
      'max-age="3"',
      'max-age=',
      ',,',
      'max-age-ms=1e9999',
      'public',
    ]) {
      expect(cdnLifetimeMs(malformed), malformed).toBeUndefined()
    }
  })

  it('age from the arrival of the head', () => {
    expect(ageSeconds(1_000, 0, 1_999)).toBe(0)
    expect(ageSeconds(1_000, 500, 2_600)).toBe(2)
    expect(ageSeconds(2_000, 0, 1_000)).toBe(0)
  })
})

describe('live state fields', () => {
  it('are read as they are written', () => {
    const defects = fc.array(fc.record({ kind: fc.constantFrom(...defectKinds), ms: fc.nat(100_000) }), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(defects, given => {
        expect(parseDefects(formatDefects(given))).toEqual(given)
      }),
    )
    fc.assert(
      fc.property(name, given => {
        expect(parseName(formatName(given))).toBe(given)
      }),
    )
    fc.assert(
      fc.property(name, name, (edge, site) => {
        expect(parseEdgeName(formatEdgeName(edge, site))).toEqual({ edge, site })
      }),
    )
    fc.assert(
      fc.property(fc.record({ version: fc.nat(), sequence: fc.nat() }), given => {
        expect(parseEventState(formatEventState(given))).toEqual(given)
      }),
    )
  })

  it('say nothing where they are absent, and nothing false where they are malformed', () => {
    expect(parseDefects(undefined)).toEqual([])
    expect(formatDefects([])).toBeUndefined()
    for (const bad of ['', 'short;ms=-1', 'nonsense', '"short"', 'short,,', '\0', 'short;ms=abc'])
      expect(parseDefects(bad), bad).toSatisfy(v => v === undefined || (bad === '' && v.length === 0))
    expect(parseEventState('x')).toBeUndefined()
    expect(parseEdgeName('"a"')).toBeUndefined()
    expect(parseName('"a"')).toBeUndefined()
  })

  it('order event states by version, then by sequence', () => {
    expect(isOlderState({ version: 1, sequence: 9 }, { version: 2, sequence: 0 })).toBe(true)
    expect(isOlderState({ version: 2, sequence: 1 }, { version: 2, sequence: 2 })).toBe(true)
    expect(isOlderState({ version: 2, sequence: 2 }, { version: 2, sequence: 2 })).toBe(false)
    expect(isOlderState({ version: 3, sequence: 0 }, { version: 2, sequence: 7 })).toBe(false)
  })

  it('weigh fewer defects as better than shorter ones', () => {
    expect(defectWeight([])).toBe(0)
    expect(defectWeight([{ kind: 'short', ms: 1_900 }])).toBeLessThan(
      defectWeight([
        { kind: 'short', ms: 1 },
        { kind: 'missing', ms: 1 },
      ]),
    )
    expect(defectWeight([{ kind: 'short', ms: 10 }])).toBeLessThan(defectWeight([{ kind: 'short', ms: 20 }]))
  })
})

describe('notifications', () => {
  const empty: NotificationState = { order: { version: 1, epoch: 1, sequence: 0 }, notifications: [] }
  const added = fc.record({
    type: name,
    atMs: fc.nat(),
    text: fc.option(fc.stringMatching(/^[\x20-\x7e]{0,100}$/), { nil: undefined }),
  })

  it('accumulate within their limits and are read as they are written', () => {
    fc.assert(
      fc.property(fc.array(added, { maxLength: 60 }), all => {
        const state = all.reduce(withNotification, empty)
        expect(state.order.sequence).toBe(all.length)
        expect(state.notifications.length).toBeLessThanOrEqual(limits.notifications)
        expect(formatNotifications(state).length).toBeLessThanOrEqual(limits.notificationsBytes)
        expect(parseNotifications(formatNotifications(state))).toEqual(state)
        if (all.length > 0) expect(state.notifications.at(-1)?.sequence).toBe(all.length)
      }),
    )
  })

  it('only move forward, in whatever order they arrive (invariant 5)', () => {
    const orders = fc.record({
      version: fc.integer({ min: 1, max: 3 }),
      epoch: fc.integer({ min: 1, max: 3 }),
      sequence: fc.nat(5),
    })
    fc.assert(
      fc.property(fc.array(orders, { minLength: 1 }), heard => {
        let known: NotificationState | undefined
        for (const order of heard) {
          const before = known
          known = newerState(known, { order, notifications: [] })
          if (before) expect(compareOrder(known!.order, before.order)).toBeGreaterThanOrEqual(0)
        }
        const newest = heard.reduce((a, b) => (compareOrder(a, b) >= 0 ? a : b))
        expect(compareOrder(known!.order, newest)).toBe(0)
      }),
    )
    expect(newerState(empty, undefined)).toBe(empty)
  })

  it('keep what is known when the field is malformed', () => {
    for (const bad of [
      undefined,
      '',
      'x',
      'state',
      'state;version=1',
      '"state";version=1;epoch=1;sequence=1, "Bad Type";sequence=1;at-ms=1',
      'x'.repeat(5_000),
    ]) {
      expect(parseNotifications(bad)).toBeUndefined()
    }
  })
})

describe('Cache-Status', () => {
  it('is read as it is written', () => {
    const field = formatCacheStatus({
      cache: 'a1',
      hit: false,
      fwd: 'miss',
      fwdStatus: 200,
      collapsed: true,
      stored: true,
      ttlMs: 1_250,
      detail: 'collapsed',
    })
    expect(field).toBe('a1;fwd=miss;fwd-status=200;ttl=1;ttl-ms=1250;stored;collapsed;detail=collapsed')
    expect(parseCacheStatus(field)).toEqual([
      {
        cache: 'a1',
        hit: false,
        fwd: 'miss',
        fwdStatus: 200,
        collapsed: true,
        stored: true,
        ttlMs: 1_250,
        detail: 'collapsed',
      },
    ])
    expect(parseCacheStatus(`origin-side;hit, ${field}`).map(s => s.cache)).toEqual(['origin-side', 'a1'])
    expect(parseCacheStatus('((')).toEqual([])
  })
})

describe('problem details', () => {
  it('carry the reason and a relative time to ask again', () => {
    expect(
      JSON.parse(formatProblem({ status: 404, reason: 'too-early', detail: 'not yet', askAgainInMs: 10.2 })),
    ).toMatchObject({
      status: 404,
      reason: 'too-early',
      'ask-again-in-ms': 11,
    })
  })
})

describe('synthetic bodies', () => {
  const identity = { event: 'final', rendition: 'v1', number: 7, pipeline: 'a', publishedMs: 1_700_000_000_000 }

  it('say whose they are, at every size', () => {
    fc.assert(
      fc.property(fc.nat(40_000), size => {
        const bytes = makeSynthetic(identity, size, crc32)
        expect(bytes.length).toBe(Math.max(256, size))
        expect(readSynthetic(bytes, crc32)).toEqual({ ok: true, identity })
      }),
      { numRuns: 40 },
    )
  })

  it('show a flipped bit, a torn end and a splice of two pipelines', () => {
    const a = makeSynthetic(identity, 10_000, crc32)
    const b = makeSynthetic({ ...identity, pipeline: 'b' }, 10_000, crc32)
    fc.assert(
      fc.property(fc.integer({ min: 256, max: 9_999 }), at => {
        const flipped = a.slice()
        flipped[at] = flipped[at]! ^ 1
        expect(readSynthetic(flipped, crc32)).toEqual({ ok: false, why: 'checksum' })
        expect(readSynthetic(a.subarray(0, at), crc32)).toEqual({ ok: false, why: 'length' })
        const spliced = new Uint8Array(10_000)
        spliced.set(a.subarray(0, at))
        spliced.set(b.subarray(at), at)
        if (at < 9_990) expect(readSynthetic(spliced, crc32).ok).toBe(false)
      }),
      { numRuns: 40 },
    )
  })
})
