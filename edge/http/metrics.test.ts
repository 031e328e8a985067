import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RunningEdge } from './start.ts'
import { edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient, requestText } from './testing/raw-client.ts'
import { answerHead, ScriptedUpstream } from './testing/scripted-upstream.ts'

// What an edge shows to Prometheus and to load balancers, over real sockets.

let origin: TestOrigin
let edge: RunningEdge

beforeEach(async () => {
  origin = await TestOrigin.start()
})
afterEach(async () => {
  await origin.upstream.close()
  await edge.close()
})

const scrape = async (): Promise<string> => (await fetch(`${edge.urls.metrics}/metrics`)).text()
/** The value of one series; undefined where there is none. */
async function series(name: string, labels = ''): Promise<number | undefined> {
  const all = `${labels}${labels === '' ? '' : ','}role="edge",name="a1"`
  const line = (await scrape()).split('\n').find(text => text.startsWith(`${name}{${all}} `))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

describe('the metrics of an edge', () => {
  it('are off unless a port is named', async () => {
    edge = await edgeOf(origin)
    expect(edge.urls).not.toHaveProperty('metrics')
  })

  it('count each request once, by status and reason, and what waits while it waits', async () => {
    edge = await edgeOf(origin, { metricsPort: 0 })
    const path = segmentOf(origin.event)
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.get(edge.url, path, { connection: 'close' })))
    const request = await origin.next()
    await vi.waitFor(async () => expect(await series('tidegate_waiters')).toBe(3))
    expect(await series('tidegate_connections', 'listener="players"')).toBe(3)
    request.say(answerHead(200, keptFields(5)), 'hello')
    for (const client of clients) await client.end()
    const hit = await RawClient.get(edge.url, path, { connection: 'close' })
    await hit.end()
    const refused = await RawClient.connect(edge.url)
    refused.send(requestText('TRACE', '/'))
    await refused.end()

    const answers = (status: number, reason: string) =>
      series('tidegate_requests_total', `status="${status}",reason="${reason}"`)
    await vi.waitFor(async () => expect(await answers(405, 'refused-method')).toBe(1))
    expect(await answers(200, 'hit')).toBe(1)
    expect(await series('tidegate_waiters')).toBe(0)
    expect(await series('tidegate_collapsed_total')).toBe(2)
    expect(await series('tidegate_fills_total', 'upstream="origin",reason="fill-miss"')).toBe(1)
    expect(await series('tidegate_bytes_sent_total')).toBe(20)
    expect(await series('tidegate_stored_bytes')).toBe(5)
    expect(await series('tidegate_request_duration_seconds_count')).toBe(5)
    const all = [...(await scrape()).matchAll(/^tidegate_requests_total{.*} (\d+)$/gm)]
    expect(all.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(5)
  })
})

describe('readiness', () => {
  it('is 503 while an event is not known, asks for it with each probe, and is 200 then', async () => {
    let knows = false
    const upstream = await ScriptedUpstream.start(request => {
      if (knows) origin.take(request)
      else request.say(answerHead(503, { 'content-length': 0 }))
    })
    edge = await edgeWithoutItsEvent(upstream.url)
    const probe = await fetch(`${edge.url}/readyz`)
    expect([probe.status, await probe.text()]).toEqual([503, expect.stringMatching(/: show\n$/)])
    expect((await fetch(`${edge.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${edge.url}/readyz`, { method: 'POST' })).status).toBe(405)
    knows = true
    await vi.waitFor(async () => expect((await fetch(`${edge.url}/readyz`)).status).toBe(200))
    await upstream.close()
  })

  /** An edge whose origin did not say what its event is for as long as a starting edge waits. */
  async function edgeWithoutItsEvent(url: string): Promise<RunningEdge> {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] })
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const starting = edgeOf(origin, { origins: [{ url }] })
    while (said.mock.calls.length === 0) {
      await new Promise(setImmediate)
      vi.advanceTimersByTime(50)
    }
    said.mockRestore()
    vi.useRealTimers()
    return starting
  }
})
