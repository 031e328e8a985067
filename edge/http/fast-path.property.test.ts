import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partSchema } from '../../results/record/part.ts'
import { PlainReader } from './fast-path-request.ts'
import type { RunningEdge } from './start.ts'
import { control, edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient, requestText } from './testing/raw-client.ts'
import { answerHead } from './testing/scripted-upstream.ts'

// The same bytes, plain requests and such that are not, cut at the same places, are sent to an edge with the fast path
// and to one without: what comes back is the same, and so is what both count.

let origin: TestOrigin
let withIt: RunningEdge
let without: RunningEdge

beforeAll(async () => {
  origin = await TestOrigin.start(undefined, ({ path, say }) => {
    const body = path.repeat(40)
    say(answerHead(200, { ...keptFields(body.length), 'x-origin': 'one' }), body)
  })
  const bounds = { listener: { headersTimeout: 1_000, connectionsCheckingInterval: 100 } }
  withIt = await edgeOf(origin, {}, bounds)
  without = await edgeOf(origin, { fastPath: false }, bounds)
  for (const edge of [withIt, without]) {
    for (const behind of kept) await (await fetch(edge.url + segmentOf(origin.event, behind))).text()
  }
  for (const edge of [withIt, without]) await control(edge, 'POST /reset', {})
})
afterAll(async () => {
  await Promise.all([withIt.close(), without.close()])
  await origin.upstream.close()
})

const kept = [20, 21, 22]

const field = fc.constantFrom(
  'Accept: */*',
  'User-Agent: Player/1.0 (x; y)',
  'Accept-Encoding: gzip, br',
  'Sec-Fetch-Mode: cors',
  'CMCD-Request: bl=200',
  'Referer: http://page.example/',
  'Cookie: a=b',
  'Cache-Control: no-cache',
  'Connection: keep-alive',
  'X-Request-Id: p1-7',
)
const oddField = fc.constantFrom(
  'Range: bytes=0-4',
  'Range: bytes=9999-',
  'If-None-Match: "one"',
  'If-Modified-Since: Mon, 23 Nov 2026 02:07:28 GMT',
  'Connection: close',
  'Connection: host',
  'Content-Length: 0',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Expect: else',
  'Upgrade: websocket',
  'CDN-Loop: tidegate;edge="a1"',
  'CDN-Loop: tidegate;edge="b1"',
  'Host: edge',
  'Host: other host',
  'X-Request-Id: a b',
  'Authorization: Basic YTpi',
  'X-Other : 1',
  ' folded',
  'nothing',
  'Accept: \x00',
  'Accept: \xe4\xf6',
  'Accept: a\rb',
  `Cookie: ${'c'.repeat(5_000)}`,
  `Cookie: ${'c'.repeat(17_000)}`,
)
const target = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...kept).map(behind => ({ behind, query: '' })) },
  {
    weight: 2,
    arbitrary: fc.record({ behind: fc.constantFrom(...kept), query: fc.constantFrom('?a=%20', '?a=%2', '?"') }),
  },
  { weight: 1, arbitrary: fc.constant({ behind: -500, query: '' }) },
)
const oddTarget = fc.constantFrom(
  '/live/show/v1/007.m4s',
  '/live/show/v1/99999999999.m4s',
  '/live/show/../v1/1.m4s',
  '/live/show/v1/%31.m4s',
  '/live//v1/1.m4s',
  '/live/SHOW/v1/1.m4s',
  'http://edge/live/show/v1/1.m4s',
  '*',
  '',
)
const line = fc.record({
  method: fc.oneof(
    { weight: 12, arbitrary: fc.constant('GET') },
    fc.constantFrom('HEAD', 'get', 'PURGE', 'POST', 'G\x00T'),
  ),
  version: fc.oneof(
    { weight: 12, arbitrary: fc.constant('HTTP/1.1') },
    fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'http/1.1'),
  ),
  target: fc.oneof({ weight: 12, arbitrary: target }, oddTarget),
})

/** A head, mostly a plain one. */
const wholeHead = fc
  .record({
    line,
    fields: fc.array(fc.oneof({ weight: 12, arbitrary: field }, oddField), { maxLength: 4 }),
    end: fc.oneof({ weight: 16, arbitrary: fc.constant('\r\n') }, fc.constantFrom('\n', '\r', '\r\n\r\n')),
  })
  .map(({ line: { method, version, target: of }, fields, end }) => {
    const asked = typeof of === 'string' ? of : segmentOf(origin.event, of.behind) + of.query
    return `${[`${method} ${asked} ${version}`, 'Host: edge', ...fields].join('\r\n')}\r\n${end}`
  })
/** The same with one character changed, now and then. */
const head = fc
  .tuple(
    wholeHead,
    fc.option(fc.record({ at: fc.nat(), by: fc.constantFrom(...'\0\r\n \t:;,/%?aZ0"\xff', '') }), { freq: 6 }),
  )
  .map(([text, change]) => {
    if (!change) return text
    const at = change.at % text.length
    return text.slice(0, at) + change.by + text.slice(at + 1)
  })

/** Exactly what the fast path is for. */
const plainHead = fc
  .tuple(fc.constantFrom(...kept), fc.uniqueArray(field, { maxLength: 4 }))
  .map(([behind, fields]) => {
    const line = `GET ${segmentOf(origin.event, behind)} HTTP/1.1`
    return `${[line, 'Host: edge', ...fields].join('\r\n')}\r\n\r\n`
  })

const last = 'the-last-one'
const conversation = fc.record({
  heads: fc.array(fc.oneof(plainHead, head), { minLength: 1, maxLength: 5 }),
  cuts: fc.array(fc.nat(), { maxLength: 3 }),
})

/** Sends `text` in pieces and gives everything that comes back until the edge closes, without what no two answers share. */
async function converse(edge: RunningEdge, text: string, cuts: readonly number[]): Promise<string> {
  const client = await RawClient.connect(edge.url)
  const places = [0, ...cuts.map(cut => cut % text.length).sort((a, b) => a - b), text.length]
  for (let i = 1; i < places.length && !client.closed; i++) {
    client.send(text.slice(places[i - 1], places[i]))
    // So that the piece is read by itself: the answer to another connection comes after it.
    await fetch(`${edge.url}/healthz`).then(response => response.text())
  }
  return comparable(await client.end())
}

const comparable = (answers: string): string =>
  answers
    .replaceAll(/^date: .*$/gim, 'date')
    .replaceAll(/^age: \d+/gim, 'age')
    .replaceAll(/(?:max-age|ttl)(?:-ms)?=-?\d+/g, 'lifetime')
    .replaceAll(/^x-request-id: a1-r\d+/gim, 'x-request-id')
    .replaceAll(/^(?:content-length: \d+)(?=(?:\r\n[^\r\n]+)*\r\n\r\n\{)/gim, 'content-length')
    // What cannot be read behind an answer that node:http has not let go of yet ends the connection without a word.
    .replace(
      /(?<=[\s\S])HTTP\/1\.1 4\d\d [A-Za-z ]+\r\ncontent-length: 0\r\ncache-control: no-store\r\n.*\r\n\r\n$/,
      '',
    )
    .replaceAll(/"ask-again-in-ms":[\d.]+/g, 'ask-again')

/** How many requests at the beginning of `text` are plain. */
function plainOnes(text: string): number {
  const reader = new PlainReader()
  let count = 0
  for (let next = reader.read(text, 0); next; next = reader.read(text, next.endsAt)) count++
  return count
}

/** But for the CPU time, which is no count of answers. */
const countsOf = async (edge: RunningEdge) => {
  const { cpu_ms: _, ...counts } = partSchema.parse((await control(edge, 'GET /record')).json).counts
  return counts
}

describe('with the fast path and without', () => {
  it('the answers to everything are the same, and the counts', { timeout: 60_000 }, async () => {
    let fast = 0
    await fc.assert(
      fc.asyncProperty(conversation, async ({ heads, cuts }) => {
        const end = requestText('GET', segmentOf(origin.event, 20), { connection: 'close', 'x-request-id': last })
        const text = heads.join('') + end
        fast += cuts.length === 0 ? plainOnes(text) : 0
        const [one, two] = await Promise.all([converse(withIt, text, cuts), converse(without, text, cuts)])
        expect(one).toBe(two)
      }),
      { numRuns: 300 },
    )
    expect(fast).toBeGreaterThan(50)
    expect(await countsOf(withIt)).toEqual(await countsOf(without))
  })
})
