import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { partSchema } from '../../results/record/part.ts'
import { EdgeCore } from '../core/edge.ts'
import { configurationOf, edgeCommand } from './main.ts'
import type { RunningEdge } from './start.ts'
import { control, controlToken, edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient } from './testing/raw-client.ts'
import { answerHead } from './testing/scripted-upstream.ts'

// The edge as a process: its control listener, its record, its decision log, its beginning and its end.

let origin: TestOrigin
let edge: RunningEdge
let path: string
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-edge-'))
  origin = await TestOrigin.start()
  edge = await edgeOf(origin, { decisionLog: join(folder, 'a1.ndjson') })
  path = segmentOf(origin.event)
})
afterEach(async () => {
  await origin.upstream.close()
  await edge.close()
  await rm(folder, { recursive: true })
})

const get = (of = path) => RawClient.get(edge.url, of, { connection: 'close' })
/** One request that the origin is asked for. */
async function filled(body: string, of = path): Promise<void> {
  const client = await get(of)
  ;(await origin.next()).say(answerHead(200, keptFields(body.length)), body)
  expect(await client.end()).toMatch(new RegExp(`${body}$`))
}
const record = async () => partSchema.parse((await control(edge, 'GET /record')).json)

describe('control', () => {
  it('asks for its token', async () => {
    expect((await fetch(`${edge.controlUrl}/state`)).status).toBe(401)
    const wrong = { authorization: `Bearer ${controlToken}x` }
    expect((await fetch(`${edge.controlUrl}/state`, { headers: wrong })).status).toBe(401)
  })

  it('changes the policy while it runs', async () => {
    expect((await control(edge, 'POST /policy', { preset: 'none' })).json).toMatchObject({ policy: { name: 'none' } })
    await filled('one')
    await filled('two')
    const { json } = await control(edge, 'POST /policy', { switches: { eventState: true } })
    expect(json).toMatchObject({ policy: { name: 'none', eventState: true } })
    expect((await control(edge, 'POST /policy', { preset: 'squid' })).status).toBe(400)
    expect((await control(edge, 'POST /policy', { switches: { magic: true } })).status).toBe(400)
  })

  it('flushes what is stored', async () => {
    await filled('one')
    expect(await (await get()).end()).toMatch(/one$/)
    expect((await control(edge, 'POST /flush', {})).status).toBe(200)
    await filled('two')
  })

  it('learns a changed event when it is told to', async () => {
    expect((await control(edge, 'POST /refresh-event', { event: 'show' })).json).toEqual({ event: 'show', version: 1 })
    await origin.upstream.close()
    const { status, json } = await control(edge, 'POST /refresh-event', { event: 'show' })
    expect(status).toBe(502)
    expect(json.error).toContain('show')
  })

  it('hands in its record and begins it anew', async () => {
    await filled('abc')
    await (await get()).end()
    await (await get('/live/show/v1/999999.m4s')).end()
    const { counts, histograms, timeline } = await record()
    expect(counts).toMatchObject({
      requests: 3,
      'requests.segment': 3,
      'requests.reason.hit': 1,
      'requests.reason.fill-miss': 1,
      'requests.reason.refused-too-early': 1,
      'fetches.origin': 1,
      'fetches.reason.fill-miss': 1,
      waits_over_bound: 0,
      waiters_max: 1,
      evictions: 0,
    })
    expect(counts.bytes_sent).toBeGreaterThanOrEqual(6)
    // Pauses of the collector are there where there was one.
    expect(
      Object.keys(histograms)
        .filter(name => name !== 'gc_pause_ms')
        .sort(),
    ).toEqual(['ttfb_ms', 'wait_ms'])
    expect(Object.keys(timeline).sort()).toEqual(['fetches', 'hits', 'requests', 'waiting'])
    await control(edge, 'POST /reset', {})
    expect((await record()).counts.requests).toBe(0)
  })
})

describe('the players listener', () => {
  it('says that it lives, without counting that', async () => {
    const response = await fetch(`${edge.url}/healthz`)
    expect(response.status).toBe(200)
    expect((await record()).counts.requests).toBe(0)
  })

  it('drains: what is held ends, new connections are refused', async () => {
    const held = await RawClient.get(edge.url, path)
    const request = await origin.next()
    const closed = edge.close()
    request.say(answerHead(200, keptFields(3)), 'abc')
    expect(await held.end()).toMatch(/abc$/)
    await closed
    await expect(RawClient.connect(edge.url)).rejects.toThrow('ECONNREFUSED')
    edge = await edgeOf(origin)
  })
})

describe('switches of the fields', () => {
  it("adds nginx's words and the time spent here", async () => {
    await edge.close()
    edge = await edgeOf(origin, { xCacheStatus: true, serverTiming: true })
    await filled('abc')
    const answer = await (await get()).end()
    expect(answer).toMatch(/\r\nx-cache-status: HIT\r\n/)
    expect(answer).toMatch(/\r\nserver-timing: edge;dur=\d+\.\d\r\n/)
  })
})

describe('the decision log', () => {
  it('is enough to replay the core from', async () => {
    await filled('abc')
    await (await get()).end()
    const leaver = await RawClient.get(edge.url, segmentOf(origin.event, 2))
    const broken = await origin.next()
    broken.socket.destroy()
    ;(await origin.next()).say(answerHead(404, { 'content-length': 0, 'cdn-cache-control': 'max-age-ms=300' }))
    await leaver.until('404')
    await edge.close()
    const lines = (await readFile(join(folder, 'a1.ndjson'), 'utf8')).trim().split('\n')
    const [first, ...rest] = lines.map(line => JSON.parse(line))
    expect(first).toMatchObject({ log: 'tidegate-decisions/1', role: 'edge', name: 'a1' })
    const core = new EdgeCore(first.config) as unknown as Record<string, (...given: unknown[]) => unknown>
    const calls = rest.filter(({ call }) => call !== undefined)
    for (const { call, with: given, gives } of calls) {
      const again = core[call]?.(...given)
      expect(again === undefined ? undefined : JSON.parse(JSON.stringify(again))).toEqual(gives)
    }
    expect(calls.map(({ call }) => call)).toEqual(expect.arrayContaining(['ask', 'fetchHead', 'fetchFailed', 'learn']))
    const notes = rest.filter(({ note }) => note !== undefined)
    expect(notes.find(({ note, reason }) => note === 'request' && reason === 'hit')).toMatchObject({ path })
    expect(notes.find(({ note, status }) => note === 'sent' && status === 200)).toMatchObject({ bytes: 3 })
    edge = await edgeOf(origin)
  })
})

describe('tidegate edge', () => {
  it('takes its configuration from flags', () => {
    const flags = {
      origin: [{ url: 'http://127.0.0.1:1' }],
      policy: 'nginx',
      switch: { wakeOnFill: true },
      event: ['show'],
    }
    expect(configurationOf(flags)).toMatchObject({
      name: 'edge1',
      site: 'site1',
      preset: 'nginx',
      switches: { wakeOnFill: true },
      events: ['show'],
    })
  })

  it('says what is wrong with it', () => {
    expect(() => configurationOf({})).toThrow(/origin/)
    expect(() => configurationOf({ origin: [{ url: 'ftp://x' }] })).toThrow(/origin/)
    expect(() => configurationOf({ origin: [{ url: 'http://x' }], policy: 'squid' })).toThrow(/preset/)
    const wrong = edgeCommand().exitOverride().parseAsync(['--switch', 'magic=1'], { from: 'user' })
    return expect(wrong).rejects.toThrow(/NAME=VALUE/)
  })

  it('says when it is ready, and ends with 0 when it is told to', async () => {
    const command = fileURLToPath(new URL('../../cli/tidegate.mjs', import.meta.url))
    const args = [command, 'edge', '--origin', origin.upstream.url, '--event', 'show', '--port', '0']
    const env = { ...process.env, TIDEGATE_CONTROL_TOKEN: controlToken }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(child.stdout, 'data')
    const ready = JSON.parse(String(line))
    expect(ready).toMatchObject({
      ready: 'edge',
      name: 'edge1',
      listen: { players: expect.any(String), control: expect.any(String) },
    })
    expect((await fetch(`${ready.listen.players}/healthz`)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('explains itself', () => {
    let text = ''
    const command = edgeCommand().configureOutput({
      writeOut: part => {
        text += part
      },
    })
    command.outputHelp()
    expect(text).toContain('Examples:')
  })
})
