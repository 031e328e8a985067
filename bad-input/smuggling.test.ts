import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RawClient } from '../edge/http/testing/raw-client.ts'
import type { Grounds } from './grounds.ts'
import { readRequests } from './reference-reader.ts'
import { inTime } from './run-request-case.ts'
import type { Target } from './target.ts'
import { startOwnGrounds } from './testing/own-process.ts'

// Mutations of where a request ends. Whatever they do, an edge sends nothing upstream that the reference reading does
// not find in the bytes, nobody answers what it does not find, and edge and origin find the same number of requests.

let grounds: Grounds & { close(): Promise<void> }
beforeAll(async () => {
  grounds = await startOwnGrounds({
    listener: { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 25 },
  })
})
afterAll(() => grounds.close())

/** Ends every run: when its answer has come, or the connection is closed, all before it has been decided. */
const last = 'GET /last HTTP/1.1\r\nHost: edge\r\nX-Request-Id: last\r\nConnection: close\r\n\r\n'
const hidden = (id: number): string => `GET /hidden-${id} HTTP/1.1\r\nHost: edge\r\nX-Request-Id: hidden-${id}\r\n\r\n`

const lineEnd = fc.oneof(
  { weight: 12, arbitrary: fc.constant('\r\n') },
  fc.constantFrom('\n', '\r', '\r\r\n', '\n\n', '\r\n ', '\r\n\t', '\0\r\n'),
)
const length = fc.oneof(
  { weight: 2, arbitrary: fc.constant('{length}') },
  fc.constantFrom(
    '0',
    '1',
    '+{length}',
    '0{length}',
    '{length}, {length}',
    '{length} ',
    '-1',
    '0x1',
    '',
    '1e1',
    '99999999999999999999',
  ),
)
const coding = fc.oneof(
  { weight: 3, arbitrary: fc.constant('chunked') },
  fc.constantFrom(
    'Chunked',
    ' chunked',
    'chunked ',
    '\tchunked',
    '\x0bchunked',
    'xchunked',
    'identity',
    'chunked, identity',
    'identity, chunked',
    '"chunked"',
    'chunked;',
    '',
  ),
)
const framingField = fc.oneof(
  length.map(value => `Content-Length: ${value}`),
  coding.map(value => `Transfer-Encoding: ${value}`),
  fc.constantFrom(
    'Content-Length : {length}',
    'Transfer-Encoding : chunked',
    'Content_Length: {length}',
    'X: a\r\n Content-Length: {length}',
    'X: a\nContent-Length: {length}',
    'Connection: content-length',
    'Content-Length:\r\n {length}',
    'Transfer-Encoding:\r\n chunked',
    'Expect: 100-continue',
  ),
)
const chunkSize = fc.oneof(
  { weight: 4, arbitrary: fc.constant('{size}') },
  fc.constantFrom(
    '0{size}',
    '0x{size}',
    '+{size}',
    '-{size}',
    ' {size}',
    '{size} ',
    '{size};a=b',
    '{size};a\n',
    '{size}\t',
    '1{size}',
    '',
    '{size};"\r\n',
    'fffffffffffffffff',
  ),
)

interface Shape {
  readonly method: string
  readonly version: string
  readonly fields: readonly string[]
  readonly ends: readonly string[]
  readonly body: 'none' | 'plain' | 'chunked'
  readonly size: string
  readonly chunkEnd: string
  readonly lastChunk: string
}

const shape: fc.Arbitrary<Shape> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'DELETE'),
  version: fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
  fields: fc.array(framingField, { maxLength: 2 }),
  ends: fc.array(lineEnd, { minLength: 5, maxLength: 5 }),
  body: fc.constantFrom('none', 'plain', 'chunked'),
  size: chunkSize,
  chunkEnd: lineEnd,
  lastChunk: fc.constantFrom(
    '0\r\n\r\n',
    '0\r\n\r\n',
    '0\r\n\r\n',
    '0\n\n',
    '00\r\n\r\n',
    '0\r\n',
    '0;x\r\n\r\n',
    '0\r\nX: 1\r\n\r\n',
    '0\r\nX : 1\r\n\r\n',
    '0 \r\n\r\n',
    '',
  ),
})

/** The bytes of `shape`, asking for `path` by the name `id`; where there is a body, a request is hidden in it. */
function bytesOf(shape: Shape, path: string, id: number): string {
  const inner = hidden(id)
  const body =
    shape.body === 'none'
      ? ''
      : shape.body === 'plain'
        ? inner
        : shape.size.replace('{size}', inner.length.toString(16)) +
          shape.chunkEnd +
          inner +
          shape.chunkEnd +
          shape.lastChunk
  const lines = [`${shape.method} ${path} HTTP/${shape.version}`, 'Host: edge', `X-Request-Id: r${id}`, ...shape.fields]
  const head = lines
    .map((line, i) => line.replaceAll('{length}', String(body.length)) + (shape.ends[i] ?? '\r\n'))
    .join('')
  return `${head}\r\n${body}`
}

/** Sends `bytes` in pieces of the given sizes, and gives the names of the requests that were answered. */
async function answered(
  target: Target,
  bytes: string,
  cuts: readonly number[],
): Promise<{ names: string[]; count: number }> {
  const client = await RawClient.connect(target.url)
  let at = 0
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    client.send(bytes.slice(at, cut))
    at = Math.max(at, cut)
    await new Promise(setImmediate)
  }
  client.send(bytes.slice(at))
  const received = await inTime(client.end())
  return {
    names: [...received.matchAll(/^x-request-id: (\S+)\r$/gim)].map(match => match[1] as string),
    count: received.match(/HTTP\/1\.1 (?!100)\d{3} [A-Z]/g)?.length ?? 0,
  }
}

const run = fc.record({
  shapes: fc.array(shape, { minLength: 1, maxLength: 3 }),
  cuts: fc.array(fc.nat(400), { maxLength: 3 }),
})
/** Tried at once, because what is not whole ends only with a bound. */
const batch = fc.array(run, { minLength: 20, maxLength: 20 })
type Run = typeof run extends fc.Arbitrary<infer Value> ? Value : never
let ids = 0

/** One run's bytes for a target: each request for a live address of its own, so that methods mean the same everywhere. */
function compose(target: Target, { shapes }: Run): string {
  ids += shapes.length
  return shapes.map((shape, i) => bytesOf(shape, target.nextPath(), ids + i)).join('') + last
}

const cold = () => grounds.edges.filter(({ warm }) => !warm)

describe('smuggling', () => {
  it('reaches nothing upstream that is not in the bytes, and answers nothing that is not', async () => {
    // Of all batches: what one has asked for may come when its connection has long ended, or its run has failed.
    const targets = new Set<string>()
    const tryOne = async (edge: Target, given: Run) => {
      const bytes = compose(edge, given)
      const { requests, begun } = readRequests(bytes)
      for (const { target } of requests) targets.add(target)
      const { names } = await answered(edge, bytes, given.cuts)
      const read = [...requests, ...(begun ? [begun] : [])].map(
        ({ fields }) => fields.find(([name]) => name === 'x-request-id')?.[1],
      )
      const ours = names.filter(name => /^(?:r\d+|hidden-\d+|last)$/.test(name))
      expect(read.slice(0, ours.length), JSON.stringify(bytes)).toEqual(ours)
      return { bytes }
    }
    await fc.assert(
      fc.asyncProperty(batch, async runs => {
        const read = await Promise.all(cold().flatMap(edge => runs.map(given => tryOne(edge, given))))
        const unread = grounds.upstream.seen.find(seen => !targets.has(seen.split(' ')[1] as string))
        expect(unread, unread && JSON.stringify(read.find(one => one.bytes.includes(unread))?.bytes)).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  it('meets edge and origin that find the same requests', async () => {
    const tryOne = async (given: Run) => {
      // The same bytes: addresses that both have.
      const bytes = compose(grounds.delivery, given).replace('GET /last ', `GET ${grounds.delivery.nextPath()} `)
      const origin = await answered(grounds.delivery, bytes, given.cuts)
      for (const edge of cold()) {
        expect(await answered(edge, bytes, given.cuts), `${edge.name}: ${JSON.stringify(bytes)}`).toEqual(origin)
      }
    }
    await fc.assert(
      fc.asyncProperty(batch, async runs => {
        await Promise.all(runs.map(tryOne))
      }),
      { numRuns: 40 },
    )
  })
})
