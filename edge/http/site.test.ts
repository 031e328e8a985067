import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunningEdge } from './start.ts'
import { control, edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient } from './testing/raw-client.ts'
import { answerHead } from './testing/scripted-upstream.ts'

// Two edges of one site over real sockets: per rendition one of them fills from the origin, the other asks it.

let origin: TestOrigin
let edges: RunningEdge[]
let path: string

beforeEach(async () => {
  origin = await TestOrigin.start()
  edges = [await edgeOf(origin, { name: 'a1' }), await edgeOf(origin, { name: 'a2' })]
  const topology = { site: 'a', edges: edges.map(({ url }, i) => ({ edge: `a${i + 1}`, url })) }
  for (const edge of edges) expect((await control(edge, 'POST /topology', topology)).status).toBe(200)
  path = segmentOf(origin.event)
})
afterEach(async () => {
  await origin.upstream.close()
  await Promise.all(edges.map(edge => edge.close()))
})

/** The edge that fills from the origin, and the one that asks it. */
const rolesAfter = (asker: string | undefined): { filler: RunningEdge; other: RunningEdge } => {
  const fills = asker === '"a1";site="a"' ? 0 : 1
  return { filler: edges[fills] as RunningEdge, other: edges[1 - fills] as RunningEdge }
}

const countOf = async (edge: RunningEdge, name: string) =>
  ((await control(edge, 'GET /record')).json.counts as Record<string, number>)[name] ?? 0

describe('a site', () => {
  it('makes one request to the origin for all its edges, and streams it through', async () => {
    const clients = await Promise.all(edges.map(({ url }) => RawClient.get(url, path)))
    const request = await origin.next()
    request.say(answerHead(200, keptFields(6)), 'abc')
    for (const client of clients) await client.until('abc')
    request.say('def')
    for (const client of clients) await client.until('abcdef'.slice(3))
    expect(origin.requests).toHaveLength(1)
    const { filler, other } = rolesAfter(request.fields['live-edge'])
    expect(await countOf(filler, 'fetches.origin')).toBe(1)
    expect(await countOf(other, 'fetches.origin')).toBe(0)
    expect(await countOf(other, 'fetches.sibling')).toBe(1)
    const asked = (await control(filler, 'GET /record')).json.counts as Record<string, number>
    expect(Object.keys(asked).some(name => name.startsWith('sibling_requests.reason.'))).toBe(true)
  })

  it('asks the origin when the edge that fills has gone', async () => {
    const first = await RawClient.get(edges[0]?.url as string, path)
    const request = await origin.next()
    request.say(answerHead(200, keptFields(1)), 'x')
    await first.until(/x$/)
    const { filler, other } = rolesAfter(request.fields['live-edge'])
    await filler.close()
    const next = segmentOf(origin.event, 2)
    const client = await RawClient.get(other.url, next)
    const again = await origin.next()
    expect(again.path).toBe(next)
    again.say(answerHead(200, keptFields(1)), 'y')
    await client.until(/y$/)
    edges = [other]
  })

  it('never sends a marked request to a third', async () => {
    const first = await RawClient.get(edges[0]?.url as string, path)
    const request = await origin.next()
    request.say(answerHead(200, keptFields(1)), 'x')
    await first.until(/x$/)
    const { filler, other } = rolesAfter(request.fields['live-edge'])
    const before = await countOf(filler, 'requests.segment')
    const marked = { 'cdn-loop': 'tidegate;edge="a9"', connection: 'close', 'live-version': '1' }
    const asking = await RawClient.get(other.url, segmentOf(origin.event, 2), marked)
    ;(await origin.next()).say(answerHead(200, keptFields(1)), 'y')
    expect(await asking.end()).toMatch(/y$/)
    expect(await countOf(other, 'fetches.origin')).toBe(1)
    expect(await countOf(filler, 'requests.segment')).toBe(before)
  })

  it('refuses the topology of another site', async () => {
    const { status, json } = await control(edges[0] as RunningEdge, 'POST /topology', { site: 'b', edges: [] })
    expect(status).toBe(409)
    expect(json.error).toContain('site a')
  })
})
