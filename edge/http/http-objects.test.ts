import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunningEdge } from './start.ts'
import { edgeOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient } from './testing/raw-client.ts'
import { answerHead } from './testing/scripted-upstream.ts'

// What is no live object follows RFC 9111: what the driver must hand over for that, over real sockets.

let origin: TestOrigin
let edge: RunningEdge

beforeEach(async () => {
  origin = await TestOrigin.start()
  edge = await edgeOf(origin)
})
afterEach(async () => {
  await origin.upstream.close()
  await edge.close()
})

const get = async (path: string, fields: Record<string, string> = {}) =>
  (await RawClient.get(edge.url, path, { connection: 'close', ...fields })).end()
/** Asks, and lets the origin answer with `head` and `body`. */
async function asked(path: string, fields: Record<string, string>, head: string, body = ''): Promise<string> {
  const asking = get(path, fields)
  ;(await origin.next()).say(head, body)
  return asking
}
const last = () => origin.requests.at(-1)?.fields ?? {}

describe('what is not live', () => {
  it('is kept for its stated lifetime, by path and query', async () => {
    const head = answerHead(200, { 'content-length': 3, 'cache-control': 'max-age=60' })
    expect(await asked('/page?a=1', {}, head, 'one')).toMatch(/one$/)
    expect(await get('/page?a=1')).toMatch(/one$/)
    expect(await asked('/page?a=2', {}, head, 'two')).toMatch(/two$/)
    expect(origin.requests).toHaveLength(2)
    expect(last()).toMatchObject({ via: '1.1 a1' })
  })

  it('is revalidated, and the 304 is not handed on', async () => {
    const fields = { 'cache-control': 'no-cache', etag: '"one"' }
    expect(await asked('/page', {}, answerHead(200, { 'content-length': 3, ...fields }), 'one')).toMatch(/one$/)
    const again = await asked('/page', {}, answerHead(304, { ...fields, 'x-new': 'yes', 'content-length': 3 }))
    expect(last()).toMatchObject({ 'if-none-match': '"one"' })
    expect(again).toMatch(/^HTTP\/1.1 200 .*x-new: yes.*one$/s)
  })

  it('is chosen by what Vary names, with the fields of the asker', async () => {
    const head = answerHead(200, { 'content-length': 2, 'cache-control': 'max-age=60', vary: 'accept-language' })
    await asked('/page', { 'accept-language': 'de', 'accept-encoding': 'gzip' }, head, 'de')
    expect(last()).toMatchObject({ 'accept-language': 'de', 'accept-encoding': 'gzip' })
    await asked('/page', { 'accept-language': 'en' }, head, 'en')
    expect(await get('/page', { 'accept-language': 'de' })).toMatch(/de$/)
    expect(origin.requests).toHaveLength(2)
  })

  it('is not kept when only the end of the connection ends it, or when it is private', async () => {
    for (const head of [
      answerHead(200, { 'cache-control': 'max-age=60', connection: 'close' }),
      answerHead(200, { 'cache-control': 'private, max-age=60', 'content-length': 1 }),
    ]) {
      for (let i = 0; i < 2; i++) {
        const asking = get('/page')
        const request = await origin.next()
        request.say(head, String(i))
        request.socket.end()
        expect(await asking).toMatch(new RegExp(`(\r\n|\n)${i}(\r\n|$)`))
      }
    }
    expect(origin.requests).toHaveLength(4)
  })

  it('hands on neither the fields of one hop nor those of the asker that the edge answers itself', async () => {
    const given = { connection: 'close, x-hop', 'x-hop': '1', range: 'bytes=0-0', 'x-mine': '2' }
    const head = answerHead(200, {
      'content-length': 2,
      'keep-alive': 'timeout=5',
      connection: 'x-there',
      'x-there': '1',
    })
    const answer = await asked('/page', given, head, 'ab')
    expect(last()).toMatchObject({ 'x-mine': '2' })
    expect(last()).not.toHaveProperty('x-hop')
    expect(last()).not.toHaveProperty('range')
    expect(answer).toMatch(/^HTTP\/1.1 206 .*a$/s)
    expect(answer).not.toContain('x-there')
  })

  it('resets an HTTP/1.0 client whose body breaks off, so that it does not look whole', async () => {
    const client = await RawClient.connect(edge.url)
    let error: NodeJS.ErrnoException | undefined
    client.socket.on('error', given => {
      error = given
    })
    client.send('GET /page HTTP/1.0\r\n\r\n')
    const first = await origin.next()
    first.say(answerHead(200, { 'transfer-encoding': 'chunked' }), '3\r\nabc\r\n')
    await client.until(/abc$/)
    first.socket.destroy()
    ;(await origin.next()).socket.destroy()
    await client.end()
    expect(error?.code).toBe('ECONNRESET')
  })
})
