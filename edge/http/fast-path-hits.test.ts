import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { segmentPath } from '../../live/address.ts'
import { eventDefaults, type LiveEvent } from '../../live/event.ts'
import { requestIdField } from '../../live/live-state.ts'
import { EdgeCore } from '../core/edge.ts'
import { policyOf } from '../core/policy.ts'
import type { Effect } from '../core/verdict.ts'
import { Copies } from './copies.ts'
import { Hits, headText } from './fast-path-hits.ts'
import { Responder } from './responder.ts'

const startMs = 1_800_000_000_000
const nowMs = startMs + 100_000
const event: LiveEvent = {
  ...eventDefaults,
  event: 'show',
  startMs,
  renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1', timescale: 90_000 }],
}
const path = segmentPath('show', 'v1', 40)

let core: EdgeCore
let copies: Copies
let responder: Responder
let hits: Hits
beforeEach(() => {
  core = new EdgeCore({ name: 'a1', site: 'a', policy: policyOf('oca') })
  copies = new Copies()
  responder = new Responder(core, { name: 'a1', xCacheStatus: true, serverTiming: true })
  hits = new Hits({ core, copies, responder, asksEachTime: false })
  core.learn(event, startMs)
})

/** Stores a segment as the driver would; gives the effects of what was said last. */
function store(headers: Record<string, string>, status = 200, at = nowMs): readonly Effect[] {
  const { effects } = core.ask({ method: 'GET', path }, at).admission
  const fetch = effects.find(effect => effect.do === 'fetch')?.fetch ?? 0
  const fields = { 'content-length': '3', etag: '"e"', 'live-version': '1;sequence=0', ...headers }
  for (const effect of core.fetchHead(fetch, { status, headers: fields }, at)) {
    if (effect.do === 'collect') copies.open(effect.copy).append(Buffer.from('abc'))
  }
  core.fetchBytes(fetch, 3, at)
  const last = core.fetchEnd(fetch, at)
  for (const effect of last) if (effect.do === 'complete') copies.open(effect.copy).complete()
  return last
}
const minute = { 'cdn-cache-control': 'max-age=60, max-age-ms=60000' }

describe('a hit', () => {
  it('is what the core calls one', () => {
    expect(hits.find(path, nowMs)).toBeUndefined()
    store(minute)
    expect(hits.find(path, nowMs)).toMatchObject({ question: { method: 'GET', path }, verdict: { reason: 'hit' } })
    expect(hits.find(path, nowMs)?.body.toString()).toBe('abc')
    expect(hits.find('/live/show/v1/41.m4s', nowMs)).toBeUndefined()
    expect(hits.find('/live/show/v1/041.m4s', nowMs)).toBeUndefined()
  })

  it('ends with its lifetime', () => {
    store(minute)
    expect(hits.find(path, nowMs + 59_999)).toBeDefined()
    expect(hits.find(path, nowMs + 60_000)).toBeUndefined()
  })

  it.each<[string, () => unknown]>([
    ['a flush', () => core.flush(nowMs)],
    ['another policy', () => core.setPolicy(policyOf('none'), nowMs)],
    ['a new version', () => core.learn({ ...event, version: 2 }, nowMs)],
    ['an invalidation', () => core.learn({ ...event, invalidations: [{ sequence: 1, from: 0, to: 99 }] }, nowMs)],
  ])('ends with %s', (_, happens) => {
    store(minute)
    expect(hits.find(path, nowMs)).toBeDefined()
    happens()
    expect(hits.find(path, nowMs)).toBeUndefined()
  })

  it('is no negative one, and none that is still arriving', () => {
    store(minute, 404)
    expect(core.inspect({ method: 'GET', path }, nowMs)).toMatchObject({ do: 'serve', reason: 'negative-hit' })
    expect(hits.find(path, nowMs)).toBeUndefined()
  })

  it('is asked of the core each time where that is written down', () => {
    store(minute)
    const asking = new Hits({ core, copies, responder, asksEachTime: true })
    const before = core.changes()
    for (let time = 0; time < 3; time++) asking.find(path, nowMs)
    expect(core.changes()).toBe(before + 3)
  })
})

/** The head as it is rendered anew for this instant, in lines without the date that node:http adds. */
function rendered(at: number): string[] {
  const verdict = core.inspect({ method: 'GET', path }, at)
  if (verdict.do !== 'serve') throw new Error(`no hit: ${verdict.reason}`)
  const copyHead = core.copyHead(verdict.copy)
  if (!copyHead) throw new Error('no copy')
  const [before, behind] = responder.headOfHit({ method: 'GET', path }, copyHead, verdict.reason, at)
  const fields = [...before, requestIdField, 'p1', ...behind, 'Connection', 'keep-alive', 'Keep-Alive', 'timeout=15']
  return ['HTTP/1.1 200 OK', ...fields.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${fields[i + 1]}`] : [])), '', '']
}

describe('the head', () => {
  it('says at every instant what one rendered anew says', () => {
    store({ ...minute, 'cache-status': 'o1; hit; ttl-ms=1', age: '3' })
    const instants = fc.array(fc.double({ min: 0, max: 59_999, noNaN: true }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(instants, offsets => {
        for (const offsetMs of offsets.sort((a, b) => a - b)) {
          const at = nowMs + offsetMs
          const hit = hits.find(path, at)
          const said = hit && headText(hit.head, 'p1', at).split('\r\n')
          expect(said?.filter(line => !line.startsWith('Date: '))).toEqual(rendered(at))
        }
      }),
    )
  })

  it('says what is new of the event', () => {
    store(minute)
    const said = () => headText((hits.find(path, nowMs) as NonNullable<ReturnType<Hits['find']>>).head, 'p1', nowMs)
    expect(said()).toContain('live-version: 1;sequence=0\r\n')
    core.learn({ ...event, invalidations: [{ sequence: 4, from: 0, to: 1 }] }, nowMs)
    expect(said()).toContain('live-version: 1;sequence=4\r\n')
  })

  it('has the date of the origin, where it said one, and one date only', () => {
    store({ ...minute, date: 'Mon, 23 Nov 2026 02:07:28 GMT' })
    const hit = hits.find(path, nowMs)
    const text = hit ? headText(hit.head, 'p1', nowMs) : ''
    expect(text.match(/^date: .*$/gim)).toEqual(['date: Mon, 23 Nov 2026 02:07:28 GMT'])
  })
})
