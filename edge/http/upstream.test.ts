import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import { now } from '../../process/clock.ts'
import type { FetchPlan } from '../core/verdict.ts'
import { answerHead, ScriptedUpstream } from './testing/scripted-upstream.ts'
import { Upstream } from './upstream.ts'

let scripted: ScriptedUpstream
let upstream: Upstream

beforeEach(async () => {
  scripted = await ScriptedUpstream.start()
  upstream = new Upstream()
})
afterEach(async () => {
  await upstream.close()
  await scripted.close()
})

const segment = '/live/e/v1/7.m4s'
const planOf = (given: Partial<FetchPlan> = {}): FetchPlan => ({
  method: 'GET',
  path: segment,
  upstream: { is: 'origin' },
  reason: 'fill-miss',
  headByMs: now() + 5_000,
  ...given,
})

/** Sends a request and tells what became of it, word by word. */
function send(plan: FetchPlan, url = scripted.url): { story: string[]; over: Promise<string[]>; abort(): void } {
  const story: string[] = []
  let end: (story: string[]) => void
  const over = new Promise<string[]>(done => {
    end = done
  })
  const call = upstream.send(
    { url, plan, fields: { 'x-request-id': 'a1-f1' } },
    {
      head: ({ status }) => story.push(`head ${status}`),
      bytes: bytes => story.push(`bytes ${bytes.toString('latin1')}`),
      end: () => end(story.concat('end')),
      failed: (failure, why) => end(story.concat(`${failure}: ${why}`)),
    },
  )
  return { story, over, abort: () => call.abort() }
}

describe('Upstream', () => {
  it('hands over head, bytes and end, and uses the connection again', async () => {
    for (let i = 0; i < 2; i++) {
      const { over } = send(planOf())
      const request = await scripted.next()
      expect(request.fields['x-request-id']).toBe('a1-f1')
      request.say(answerHead(200, { 'content-length': 3 }), 'abc')
      expect(await over).toEqual(['head 200', 'bytes abc', 'end'])
    }
    // The second request may have met the connection in the moment of its being checked, so at most two were opened.
    expect(new Set(scripted.requests.map(({ socket }) => socket)).size).toBeLessThanOrEqual(2)
  })

  it('opens a connection for each request that is held', async () => {
    const calls = Array.from({ length: 50 }, (_, i) => send(planOf({ path: `/live/e/v1/${i}.m4s` })))
    const requests = await Promise.all(calls.map(() => scripted.next()))
    for (const request of requests) request.say(answerHead(200, { 'content-length': 1 }), 'x')
    for (const { over } of calls) expect((await over).at(-1)).toBe('end')
    expect(scripted.requests).toHaveLength(50)
  })

  it.each([
    ['a status over 599', answerHead(600, { 'content-length': 0 }), /^malformed: status 600/],
    ['a status under 100', answerHead(99, { 'content-length': 0 }), /^malformed/],
    ['a 206 to a full GET', `${answerHead(206, { 'content-length': 1 })}x`, /^malformed: 206/],
    ['a 304 to an unconditional GET', answerHead(304), /^malformed: 304/],
    ['a body without an end', `${answerHead(200)}abc`, /^malformed: a body without length/],
    ['a repeated length', `HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, /^reset/],
    ['a body over the limit', answerHead(200, { 'content-length': limits.segmentBodyBytes + 1 }), /^malformed/],
    ['a head of 40 KB', answerHead(200, { 'content-length': 0, x: 'x'.repeat(40_000) }), /^malformed/],
    ['a flood of interim heads', answerHead(103).repeat(9), /^malformed: 9 interim heads/],
    ['no HTTP', 'hello\r\n\r\n', /^malformed/],
    ['a connection that ends at once', '', /^reset/],
    ['a body that is short', `${answerHead(200, { 'content-length': 9, connection: 'close' })}abc`, /^reset/],
    ['chunks that break off', `${answerHead(200, { 'transfer-encoding': 'chunked' })}3\r\nabc\r\n`, /^reset/],
  ])('refuses %s', async (_, answer, outcome) => {
    const { over } = send(planOf())
    const request = await scripted.next()
    request.say(answer)
    request.socket.end()
    expect((await over).at(-1)).toMatch(outcome)
  })

  it('takes interim heads before the answer', async () => {
    const { over } = send(planOf())
    ;(await scripted.next()).say(answerHead(103), answerHead(102), answerHead(200, { 'content-length': 1 }), 'x')
    expect(await over).toEqual(['head 200', 'bytes x', 'end'])
  })

  it('takes only the stated length of a body that is longer, and leaves the connection', async () => {
    const first = send(planOf())
    ;(await scripted.next()).say(answerHead(200, { 'content-length': 3 }), 'abcHTTP/1.1 200 OK\r\n\r\nevil')
    expect(await first.over).toEqual(['head 200', 'bytes abc', 'end'])
    const second = send(planOf())
    ;(await scripted.next()).say(answerHead(200, { 'content-length': 4 }), 'good')
    expect(await second.over).toEqual(['head 200', 'bytes good', 'end'])
    expect(scripted.requests[1]?.socket).not.toBe(scripted.requests[0]?.socket)
  })

  it('ends a conditional request with the head of its 304, whatever length it states', async () => {
    const { over } = send(planOf({ headers: { 'if-none-match': '"a"' } }))
    ;(await scripted.next()).say(answerHead(304, { 'content-length': 300 }))
    expect(await over).toEqual(['head 304', 'end'])
  })

  it('gives up when no head has come in time', async () => {
    const { over } = send(planOf({ headByMs: now() + 60 }))
    await scripted.next()
    expect((await over).at(-1)).toMatch(/^timeout/)
  })

  it('gives up when a body falls silent', async () => {
    const { over } = send(planOf())
    ;(await scripted.next()).say(answerHead(200, { 'content-length': 9 }), 'abc')
    expect((await over).at(-1)).toMatch(/^timeout/)
  })

  it('calls a refused connection refused', async () => {
    const gone = await ScriptedUpstream.start()
    await gone.close()
    expect((await send(planOf(), gone.url).over).at(-1)).toMatch(/^refused/)
  })

  it('says nothing more after an abort', async () => {
    const { story, abort } = send(planOf())
    const request = await scripted.next()
    const closed = new Promise(done => request.socket.on('close', done))
    abort()
    await closed
    expect(story).toEqual([])
  })
})
