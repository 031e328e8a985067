import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { edgeConfigSchema } from '../edge/http/config.ts'
import { startEdge } from '../edge/http/start.ts'
import { RawClient } from '../edge/http/testing/raw-client.ts'
import { answerHead } from '../edge/http/testing/scripted-upstream.ts'
import { eventDefaults, type LiveEvent } from '../live/event.ts'
import { originConfigSchema } from '../origin/http/config.ts'
import { startOrigin } from '../origin/http/start.ts'
import { now } from '../process/clock.ts'
import { type Answer, readAnswers } from './answers.ts'
import type { Grounds } from './grounds.ts'
import { bodyOf, type HostileUpstream } from './hostile-upstream.ts'
import { inTime } from './run-request-case.ts'
import type { Target } from './target.ts'
import { controlToken, startOwnGrounds } from './testing/own-process.ts'

// Bugs that other servers have had, each under the name by which it is known.

type Edge = Target & { readonly upstream: HostileUpstream }
let grounds: Grounds & { close(): Promise<void> }
const edges = (): Edge[] => grounds.edges.filter((edge): edge is Edge => !edge.warm && edge.upstream !== undefined)
beforeAll(async () => {
  grounds = await startOwnGrounds()
})
afterAll(() => grounds.close())

let pages = 0
const page = (): string => `/known/${++pages}`

/** One request with the given fields, and its answer. */
async function ask(
  url: string,
  path: string,
  fields: readonly string[] = ['Host: edge'],
  method = 'GET',
): Promise<Answer | undefined> {
  const client = await RawClient.connect(url)
  client.send(`${method} ${path} HTTP/1.1\r\n${[...fields, 'Connection: close'].join('\r\n')}\r\n\r\n`)
  return readAnswers(await inTime(client.end())).answers[0]
}

describe('bugs known elsewhere', () => {
  it('Squid 5051: a negative answer ends on time, however many ask', async () => {
    for (const edge of edges()) {
      const path = edge.nextPath()
      const lifetimeMs = 300
      const missing = answerHead(404, {
        'content-length': 0,
        'cdn-cache-control': `max-age=0, max-age-ms=${lifetimeMs}`,
      })
      edge.upstream.play(path, [{ say: [missing] }])
      const first = await ask(edge.url, path)
      expect(first?.status).toBe(404)
      const fromMs = performance.now()
      let asked = 0
      let status = 404
      while (status === 404) {
        const answers = await Promise.all(Array.from({ length: 10 }, () => ask(edge.url, path)))
        asked += answers.length
        status = Math.max(...answers.map(answer => answer?.status ?? 0)) === 404 ? 404 : 200
        expect(performance.now() - fromMs, edge.name).toBeLessThan(lifetimeMs + 1_000)
      }
      expect(asked).toBeGreaterThan(10)
      expect(edge.upstream.requestsFor(path)).toHaveLength(2)
      expect((await ask(edge.url, path))?.body).toBe(bodyOf(path))
    }
  })

  it('Pingora CVE-2025-4366: the body of a GET that hits is not taken for a request', async () => {
    for (const edge of edges()) {
      const path = edge.nextPath()
      await ask(edge.url, path)
      const inner = 'GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n'
      for (const framing of [
        `Content-Length: ${inner.length}\r\n\r\n${inner}`,
        `Transfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      ]) {
        const client = await RawClient.connect(edge.url)
        client.send(`GET ${path} HTTP/1.1\r\nHost: edge\r\n${framing}GET ${path} HTTP/1.1\r\nHost: edge\r\n\r\n`)
        expect(readAnswers(await inTime(client.end())).answers.map(({ status }) => status)).toEqual([400])
      }
      expect(edge.upstream.requestsFor('/smuggled')).toEqual([])
    }
  })

  it('CVE-2026-2836: the host is no part of the key, so nothing of it reaches the origin', async () => {
    for (const edge of edges()) {
      const path = page()
      const evil = [
        'Host: evil.example',
        'X-Forwarded-Host: evil.example',
        'X-Forwarded-Proto: http',
        'Forwarded: host=evil.example',
        'X-Original-URL: /evil',
        'X-Rewrite-URL: /evil',
        'X-Host: evil.example',
      ]
      expect((await ask(edge.url, path, evil))?.body).toBe(bodyOf(path))
      const [request, ...others] = edge.upstream.requestsFor(path)
      expect(request?.fields.host).toBe(new URL(edge.upstream.url).host)
      expect(JSON.stringify(request?.fields)).not.toContain('evil')
      expect((await ask(edge.url, path))?.body).toBe(bodyOf(path))
      expect(others).toEqual([])
    }
  })

  it.each([
    ['an oversized head (HHO)', [`X-Big: ${'x'.repeat(15_000)}`, `X-Bigger: ${'x'.repeat(5_000)}`], 431],
    ['a meta character (HMC)', ['X-Meta: \x07'], 400],
    ['a field that names a method (HMO)', ['X-HTTP-Method-Override: POST'], 200],
  ] as const)('CPDoS: no error page is kept for %s', async (_, fields, status) => {
    for (const edge of edges()) {
      const path = page()
      expect((await ask(edge.url, path, ['Host: edge', ...fields]))?.status).toBe(status)
      expect(edge.upstream.requestsFor(path)[0]?.fields ?? {}).not.toHaveProperty('x-http-method-override')
      expect((await ask(edge.url, path))?.body).toBe(bodyOf(path))
    }
  })

  // 414 may be kept: it is about the address, which is the key.
  it.each([400, 408, 413, 417, 431])(
    'CPDoS: status %i of an origin that says nothing of its lifetime is not kept',
    async status => {
      for (const edge of edges()) {
        const path = page()
        const head = answerHead(status, { 'content-length': 0, 'last-modified': 'Thu, 01 Jan 2004 00:00:00 GMT' })
        edge.upstream.play(path, [{ say: [head] }])
        expect((await ask(edge.url, path))?.status).toBe(status)
        expect((await ask(edge.url, path))?.body).toBe(bodyOf(path))
      }
    },
  )

  it('CPDoS: a head that only the origin finds too large leaves nothing behind', async () => {
    const event: LiveEvent = {
      ...eventDefaults,
      event: 'cpdos',
      startMs: Math.floor(now() as number) - 20_000,
      renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1', timescale: 90_000 }],
    }
    const origin = await startOrigin(originConfigSchema.parse({ name: 'origin', event }), {
      publish: 'p',
      control: 'c',
    })
    const edge = await startEdge(
      edgeConfigSchema.parse({ name: 'e', site: 'a', origins: [{ url: origin.urls.delivery as string }] }),
      controlToken,
    )
    try {
      // 99 fields pass the edge, which adds its own; the address is not of the event, so that the fields are handed on.
      const many = Array.from({ length: 98 }, (_, i) => `X-${i}: 1`)
      expect((await ask(edge.url, '/page', ['Host: edge', ...many]))?.status).toBe(431)
      expect((await ask(edge.url, '/page'))?.status).toBe(404)
    } finally {
      await edge.close()
      await origin.close()
    }
  })

  it('RangeAmp: small ranges of a segment, under whatever query, fetch it once', async () => {
    for (const edge of edges()) {
      const path = edge.nextPath()
      for (let i = 0; i < 50; i++) {
        const answer = await ask(edge.url, `${path}?${i}`, ['Host: edge', `Range: bytes=${i}-${i}`])
        expect([answer?.status, answer?.body]).toEqual([206, bodyOf(path)[i]])
      }
      expect(edge.upstream.requestsFor(path)).toHaveLength(1)
    }
  })

  it('RangeAmp: a small range of what is not kept does not fetch it whole', async () => {
    for (const edge of edges()) {
      const path = page()
      const halfBytes = 16 * 1024
      const head = answerHead(200, { 'content-length': 2 * halfBytes, 'cache-control': 'no-store' })
      edge.upstream.play(path, [{ say: [head, 'x'.repeat(halfBytes)] }])
      expect((await ask(edge.url, path, ['Host: edge', 'Range: bytes=0-0']))?.body).toBe('x')
      // The rest is never said: without an end from the edge's side this would wait for as long as a body may be silent.
      const [request] = edge.upstream.requestsFor(path)
      await inTime(
        new Promise<void>(done => (request?.socket.destroyed ? done() : request?.socket.once('close', () => done()))),
        1_000,
      )
      expect(await edge.view.pending()).toBe(0)
    }
  })

  it('RangeAmp: overlapping ranges are no more than the whole', async () => {
    for (const target of [...edges(), grounds.delivery]) {
      const path = target.nextPath()
      const answer = await ask(target.url, path, ['Host: edge', `Range: bytes=${Array(1_000).fill('0-').join(',')}`])
      expect([answer?.status, answer?.body]).toEqual([200, bodyOf(path)])
    }
  })

  it.each([
    'bytes=-9223372036854775608',
    'bytes=-18446744073709551616',
    `bytes=-${'9'.repeat(400)}`,
    'bytes=-17208,-9223372036854758792',
  ])('nginx CVE-2017-7529: %s is at most the whole', async range => {
    for (const target of [...edges(), grounds.delivery]) {
      const path = target.nextPath()
      const answer = await ask(target.url, path, ['Host: edge', `Range: ${range}`])
      expect([200, 206]).toContain(answer?.status)
      expect(answer?.body).toBe(bodyOf(path))
    }
  })

  it('Varnish f00010: Connection takes away neither Host nor what a cache heeds', async () => {
    for (const target of [...edges(), grounds.delivery, grounds.publish]) {
      for (const name of ['Host', 'host ', 'HOST', 'Content-Length', 'Live-Version', 'X-Request-Id', 'Range']) {
        const answer = await ask(target.url, target.nextPath(), ['Host: edge', `Connection: keep-alive, ${name}`])
        expect(answer?.status, `${target.name}: ${name}`).toBe(400)
      }
    }
  })
})
