import { afterEach, expect, test } from 'vitest'
import { limits } from '../../live/limits.ts'
import { edgeConfigSchema } from './config.ts'
import { configurationOf } from './main.ts'
import type { RunningEdge } from './start.ts'
import { control, edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { answerHead, type ScriptedRequest } from './testing/scripted-upstream.ts'

// An edge with origins in two regions over real sockets: `eu` is preferred, `us` is there when it goes.

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const body = 'a segment that is the same in both regions'

const answers = (request: ScriptedRequest): void => {
  const fields = { ...keptFields(body.length), 'live-region': 'us' }
  const from = /^bytes=(\d+)-$/.exec(request.fields.range ?? '')?.[1]
  if (request.path === '/readyz') request.say(answerHead(200, { 'content-length': 0 }))
  else if (from === undefined) request.say(answerHead(200, fields), body)
  else {
    const range = {
      'content-range': `bytes ${from}-${body.length - 1}/${body.length}`,
      'content-length': body.length - Number(from),
    }
    request.say(answerHead(206, { ...fields, ...range }), body.slice(Number(from)))
  }
}

/** Requests for segments: what is not asked for readiness. */
const segmentsAsked = (origin: TestOrigin) => origin.requests.filter(({ path }) => path.endsWith('.m4s'))

async function twoRegions(eu: (request: ScriptedRequest) => void) {
  const us = await TestOrigin.start(undefined, answers)
  const preferred = await TestOrigin.start(us.event, eu)
  closing.push(
    () => us.upstream.close(),
    () => preferred.upstream.close(),
  )
  const edge = await edgeOf(preferred, {
    origins: [
      { region: 'eu', url: preferred.upstream.url },
      { region: 'us', url: us.upstream.url },
    ],
  })
  closing.push(() => edge.close())
  return { eu: preferred, us, edge }
}

const ask = async (edge: RunningEdge, path: string) => {
  const response = await fetch(edge.url + path)
  return { status: response.status, text: await response.text(), region: response.headers.get('live-region') }
}

const originsOf = async (edge: RunningEdge) =>
  (await control(edge, 'GET /state')).json.origins as { order: string[]; alive: Record<string, boolean> }

/** Asks the edge's state until its origins are as `wanted`. */
async function until(edge: RunningEdge, wanted: (order: string[], alive: Record<string, boolean>) => boolean) {
  for (;;) {
    const { order, alive } = await originsOf(edge)
    if (wanted(order, alive)) return
    await new Promise(again => setTimeout(again, 10))
  }
}

test('a body that breaks in one region is resumed in the other, and the player gets one whole body', async () => {
  const { eu, us, edge } = await twoRegions(request => {
    if (request.path === '/readyz') return request.say(answerHead(200, { 'content-length': 0 }))
    request.say(answerHead(200, { ...keptFields(body.length), 'live-region': 'eu' }), body.slice(0, 10))
    request.socket.end()
  })
  // The same strong ETag names the same bytes: the other region gives the rest, and the head that was sent stays true.
  expect(await ask(edge, segmentOf(us.event))).toEqual({ status: 200, text: body, region: 'eu' })
  const [resumed] = segmentsAsked(us)
  expect(resumed?.fields).toMatchObject({ range: 'bytes=10-', 'if-range': '"one"' })
  expect(segmentsAsked(eu)).toHaveLength(1)
})

test('a region whose connections are refused is left at once, for what is asked and for event.json', async () => {
  const { eu, us, edge } = await twoRegions(answers)
  await eu.upstream.close()
  const first = await ask(edge, segmentOf(us.event))
  expect(first).toMatchObject({ status: 200, text: body, region: 'us' })
  await until(edge, (order, alive) => order[0] === 'us' && alive.eu === false)
  expect((await control(edge, 'POST /refresh-event', { event: us.event.event })).status).toBe(200)
  const { counts } = (await control(edge, 'GET /record')).json as { counts: Record<string, number> }
  expect(counts['fetches.origin.us']).toBe(1)
})

test('an origin that is not ready is left, and preferred again when it has been ready for a while', async () => {
  let ready = true
  const { eu, us, edge } = await twoRegions(request => {
    if (request.path !== '/readyz' || ready) return answers(request)
    request.say(answerHead(503, { 'content-length': 0 }))
  })
  ready = false
  await until(edge, (_, alive) => alive.eu === false)
  await ask(edge, segmentOf(us.event, 2))
  expect([segmentsAsked(eu).length, segmentsAsked(us).length]).toEqual([0, 1])
  ready = true
  await until(edge, (_, alive) => alive.eu === true)
  const backMs = performance.now()
  await until(edge, order => order[0] === 'eu')
  expect(performance.now() - backMs).toBeGreaterThan(limits.originReturnMs / 2)
  await ask(edge, segmentOf(us.event, 9))
  expect(segmentsAsked(eu)).toHaveLength(1)
})

test('what waits at a region that falls silent goes to the other when the heartbeat misses it', async () => {
  let silent = false
  const { us, edge } = await twoRegions(request => {
    if (request.path === '/readyz' && !silent) request.say(answerHead(200, { 'content-length': 0 }))
  })
  const asking = ask(edge, segmentOf(us.event))
  silent = true
  expect(await asking).toMatchObject({ status: 200, text: body, region: 'us' })
})

test('one origin is as simple to write as before, and several need their regions', () => {
  const of = (...addresses: { region?: string; url: string }[]) => configurationOf({ origin: addresses }).origins
  expect(of({ url: 'http://one' })).toEqual([{ url: 'http://one' }])
  const two = [
    { region: 'eu', url: 'http://one' },
    { region: 'us', url: 'http://two' },
  ]
  expect(of(...two)).toEqual(two)
  expect(() => of({ url: 'http://one' }, { url: 'http://two' })).toThrow(/several origins each need a region/)
  expect(edgeConfigSchema.safeParse({ name: 'a1', site: 'a', origins: [] }).success).toBe(false)
})
