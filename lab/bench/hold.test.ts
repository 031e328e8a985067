import { afterEach, describe, expect, it } from 'vitest'
import { answerHead, ScriptedUpstream } from '../../edge/http/testing/scripted-upstream.ts'
import { HeldClients } from './held-clients.ts'
import { benchHold, figuresOf, median } from './hold.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function clientsOf(count: number): Promise<{ upstream: ScriptedUpstream; clients: HeldClients }> {
  const upstream = await ScriptedUpstream.start()
  const clients = await HeldClients.connect(upstream.url, count)
  closing.push(
    () => clients.close(),
    () => upstream.close(),
  )
  return { upstream, clients }
}

describe('HeldClients', () => {
  it('notes the first byte, the publication and the whole body of each answer', async () => {
    const { upstream, clients } = await clientsOf(2)
    const asking = clients.ask('/live/e/v1/7.m4s')
    for (let i = 0; i < 2; i++) {
      const { path, say } = await upstream.next()
      expect(path).toBe('/live/e/v1/7.m4s')
      say(answerHead(200, { 'content-length': 5, 'cmsd-static': 'ot=v,at=1700000000123' }))
      say('ab')
      say('cde')
    }
    for (const { status, body, publishedMs, firstByteMs } of await asking) {
      expect({ status, body: body.toString(), publishedMs }).toEqual({
        status: 200,
        body: 'abcde',
        publishedMs: 1_700_000_000_123,
      })
      expect(firstByteMs).toBeGreaterThan(1_700_000_000_123)
    }
  })

  it('fails when a connection ends before its answer is whole', async () => {
    const { upstream, clients } = await clientsOf(1)
    const asking = clients.ask('/x')
    const { say, socket } = await upstream.next()
    say(answerHead(200, { 'content-length': 5 }), 'abc')
    socket.end()
    await expect(asking).rejects.toThrow('before its answer was whole')
  })
})

describe('the figures', () => {
  it('are medians over clients, and medians over rounds of the slowest client', () => {
    const rounds = {
      direct: [
        [1, 2, 3],
        [1, 2, 9],
        [1, 2, 5],
      ],
      edge: [
        [2, 3, 4],
        [2, 3, 50],
        [2, 3, 8],
      ],
    }
    expect(figuresOf(rounds, { clients: 3, rounds: 3, warmUpRounds: 0, bodyBytes: 1 })).toMatchObject({
      hold_added_ms_p50: 1,
      hold_added_ms_max: 3,
      hold_edge_ms_worst: 50,
      hold_direct_ms_max: 5,
    })
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })

  it('come out of a real origin and a real edge', async () => {
    const figures = await benchHold({ clients: 5, rounds: 2, warmUpRounds: 0, bodyBytes: 1_000 })
    expect(Object.keys(figures)).toEqual(expect.arrayContaining(['hold_added_ms_p50', 'hold_added_ms_max']))
    for (const value of Object.values(figures)) expect(value).toBeTypeOf('number')
    expect(figures).toMatchObject({ hold_clients: 5, hold_rounds: 2 })
    expect(figures.hold_edge_ms_p50).toBeGreaterThan(0)
  })
})
