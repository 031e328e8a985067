import { crc32 } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { segmentPath } from '../../live/address.ts'
import { eventDefaults, type LiveEvent, parseLiveEvent } from '../../live/event.ts'
import { readSynthetic } from '../../live/synthetic.ts'
import { captureEnd, liveEdge } from '../../live/template.ts'
import { now } from '../../process/clock.ts'
import { originConfigSchema } from '../http/config.ts'
import { startOrigin } from '../http/main.ts'
import { pipelineConfigSchema } from './config.ts'
import { startPipeline } from './main.ts'

// Both pipelines at a real origin.

const tokens = { publish: 'publish-token', control: 'control-token' }
const segmentMs = 400

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const makeEvent = (): LiveEvent =>
  parseLiveEvent({
    ...eventDefaults,
    event: 'final',
    startMs: (now() as number) - 10 * segmentMs,
    segmentMs,
    publishDelayMs: 100,
    candidateWaitMs: 200,
    renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'none', timescale: 90_000 }],
  })

async function start(event: LiveEvent) {
  const backlogUntilMs = (now() as number) + 10_000
  const origin = await startOrigin(originConfigSchema.parse({ name: 'origin', event, backlogUntilMs }), tokens)
  endings.push(() => origin.close())
  const [a, b] = await Promise.all(
    ['a', 'b'].map(async pipeline => {
      const given = {
        name: `pipeline-${pipeline}`,
        pipeline,
        event,
        publishTo: [origin.urls.publish as string],
        backlogSegments: 10,
      }
      const running = await startPipeline(pipelineConfigSchema.parse(given), tokens)
      endings.push(() => running.close())
      return running.urls.control
    }),
  )
  /** Asks for `number` as soon as that is due, and is held until it is published. */
  const get = async (number: number) => {
    await new Promise(done => setTimeout(done, (captureEnd(event, number) as number) - (now() as number) + 5))
    const response = await fetch(`${origin.urls.delivery}${segmentPath('final', 'v1', number)}`)
    return { response, body: new Uint8Array(await response.arrayBuffer()) }
  }
  return { get, a: a!, b: b!, origin: origin.urls.control }
}

async function command(control: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${control}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${tokens.control}` },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  return (await response.json()) as Record<string, unknown>
}

test('what is put is what is delivered, and no PUT is refused', async () => {
  const event = makeEvent()
  const { get, a, b } = await start(event)
  const next = (liveEdge(event, now()) as number) + 2
  const { response, body } = await get(next)
  expect(response.status).toBe(200)
  const verdict = readSynthetic(body, crc32)
  expect(verdict).toMatchObject({ ok: true, identity: { event: 'final', rendition: 'v1', number: next } })
  expect(verdict.ok && verdict.identity.pipeline).toBe(response.headers.get('live-pipeline'))
  expect((await get(next - 3)).response.status).toBe(200)
  for (const control of [a, b]) {
    const { counts } = (await command(control, '/record')) as { counts: Record<string, number> }
    expect(counts.puts).toBeGreaterThan(10)
    expect(counts.given_up).toBeUndefined()
    expect(Object.keys(counts).filter(name => /^puts\.(status\.[^2]|failure)/.test(name))).toEqual([])
  }
})

test('defects in one pipeline and the loss of it leave the sound segments of the other', async () => {
  const event = makeEvent()
  const { get, a } = await start(event)
  await command(a, '/faults', { defects: { kind: 'short', ms: 100, forMs: 60_000 } })
  const defective = await get((liveEdge(event, now()) as number) + 2)
  expect(defective.response.headers.get('live-pipeline')).toBe('b')
  expect(defective.response.headers.get('live-defects')).toBeNull()
  await command(a, '/faults', { lost: true })
  const lost = await get((liveEdge(event, now()) as number) + 2)
  expect(lost.response.headers.get('live-pipeline')).toBe('b')
  expect(readSynthetic(lost.body, crc32).ok).toBe(true)
})

test('what dies in mid-PUT is tried again, and all that was acknowledged is in the store', async () => {
  const event = makeEvent()
  const { get, a, b, origin } = await start(event)
  for (const control of [a, b]) await command(control, '/faults', { tearPuts: { forMs: 3 * segmentMs } })
  const torn = (liveEdge(event, now()) as number) + 2
  for (const number of [torn, torn + 1, torn + 6]) {
    // A hold may end before its segment came whole; its number is late then, not gone.
    let { response, body } = await get(number)
    while (response.status !== 200) ({ response, body } = await get(number))
    expect(readSynthetic(body, crc32)).toMatchObject({ ok: true, identity: { number } })
  }
  const { counts } = (await command(origin, '/record')) as { counts: Record<string, number> }
  expect(counts['publishes.reason.torn']).toBeGreaterThanOrEqual(1)
  for (const control of [a, b]) {
    const record = (await command(control, '/record')) as { counts: Record<string, number> }
    expect(record.counts.puts_torn).toBeGreaterThanOrEqual(1)
    expect(record.counts['puts.failure.reset']).toBe(record.counts.puts_torn)
    const { acknowledged, dropped } = (await command(control, '/acknowledged')) as {
      acknowledged: { target: string; number?: number }[]
      dropped: number
    }
    expect(dropped).toBe(0)
    expect(acknowledged.length).toBe(record.counts['puts.status.201'])
    expect(acknowledged.some(({ number }) => number === undefined)).toBe(true)
    const audit = await command(origin, '/audit', {
      acknowledged: acknowledged.map(({ target: _, ...each }) => each),
    })
    expect(audit).toEqual({ audited: acknowledged.length, readable: acknowledged.length, lost: [] })
  }
})
