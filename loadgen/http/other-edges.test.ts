import { afterEach, describe, expect, it } from 'vitest'
import { parseAddress } from '../../live/address.ts'
import { anEvent } from '../../live/event.fixture.ts'
import { now } from '../../process/clock.ts'
import { type FleetConfigInput, fleetConfigSchema } from './config.ts'
import { type FleetProcess, startFleet } from './start.ts'
import { type Behaviour, bodyOf, type FakeEdge, startFakeEdge } from './testing/fake-edge.ts'

// What a fleet does for edges that are not ours: it keeps to a budget, and reads what they say of their caches.

const event = anEvent({ startMs: Math.floor((now() as number) / 2_000) * 2_000 - 60_000 })
const toClose: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close()
})

async function stormOn(
  behaviour: Behaviour,
  changes: Partial<FleetConfigInput>,
): Promise<{ edge: FakeEdge; fleet: FleetProcess }> {
  const edge = await startFakeEdge(event, behaviour)
  toClose.push(() => edge.close())
  const config = fleetConfigSchema.parse({
    fleet: { players: 12, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 200, share: 1 }] },
    event,
    sites: [{ site: 'a', edges: [edge.url] }],
    ...changes,
  })
  const fleet = await startFleet(config, 'secret')
  toClose.push(() => fleet.close())
  return { edge, fleet }
}

/** Segments with `headers` in place of `Cache-Status`; a `status` other than 200 has no segment. */
const saying =
  (headers: Record<string, string>, status = 200): Behaviour =>
  ({ url = '' }, response) => {
    const address = parseAddress(url)
    if (address?.kind !== 'segment') return false
    const body = status === 200 ? bodyOf(address) : new Uint8Array()
    response.writeHead(status, { ...headers, 'content-length': body.length })
    response.end(body)
    return true
  }

describe('a request budget', () => {
  it.each([1, 2])('is spent to the last request and never exceeded, by %i threads', async workers => {
    const { edge, fleet } = await stormOn(() => false, { requestBudget: 37, workers, durationMs: 60_000 })
    const { counts } = await fleet.done
    expect(counts.requests).toBe(37)
    expect(edge.seen).toHaveLength(37)
    expect(counts).not.toHaveProperty('requests_never_sent')
    // Who was asked last still got the answer.
    expect(Object.keys(counts).filter(name => name.startsWith('failures.'))).toEqual([])
  })
})

describe('the cache status of an edge that does not speak Cache-Status', () => {
  it.each<[string, Behaviour, Record<string, number>]>([
    ['a hit of nginx', saying({ 'x-cache-status': 'HIT' }), { 'cache_status.hit': 1 }],
    ['a miss of Varnish', saying({ 'x-cache': 'MISS' }), { 'cache_status.forwarded': 1 }],
    ['a kept 404', saying({ 'x-cache': 'HIT' }, 404), { 'cache_status.hit': 1, 'cache_status.hit_negative': 1 }],
    ['nothing', saying({}), {}],
  ])('%s', async (_, behaviour, wanted) => {
    const { fleet } = await stormOn(behaviour, { durationMs: 500, startMs: now() + 50 })
    const { counts } = await fleet.done
    const said = Object.keys(counts).filter(name => name.startsWith('cache_status.'))
    expect(said.sort()).toEqual(Object.keys(wanted).sort())
    expect(counts['requests.segment']).toBeGreaterThan(0)
  })
})
