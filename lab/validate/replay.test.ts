import { describe, expect, test } from 'vitest'
import { EdgeCore } from '../../edge/core/edge.ts'
import { policyOf } from '../../edge/core/policy.ts'
import { anEvent } from '../../live/event.fixture.ts'
import { expectedPublication } from '../../live/template.ts'
import { OriginCore, originInputs } from '../../origin/core/origin-core.ts'
import { logged } from '../../process/decision-log.ts'
import { errorOf, isExceeded } from './comparison.ts'
import { replayLog } from './replay.ts'
import { comparisonOf } from './replayed-logs.ts'

// Logs as processes write them, of cores that were asked by hand.

const event = anEvent()
const number = 10
const publishedMs = expectedPublication(event, number) as number

function logOf<Core extends object>(
  role: string,
  config: object,
  core: Core,
  inputs: readonly (keyof Core & string)[],
) {
  const lines = [JSON.stringify({ log: 'tidegate-decisions/1', role, name: `${role}1`, config })]
  const log = { write: (entry: object) => void lines.push(JSON.stringify(entry)), close: async () => undefined }
  return { lines, log, core: logged(core, inputs, log) }
}

/** An edge that fills a segment, is hit, waits in vain, and is flushed. */
function edgeLog(): string[] {
  const config = { name: 'a1', site: 'a', policy: policyOf('oca'), origins: [] }
  const inputs = ['ask', 'fetchHead', 'fetchBytes', 'fetchEnd', 'wake', 'learn', 'leave', 'flush', 'siblings'] as const
  const { lines, log, core } = logOf('edge', config, new EdgeCore(config), inputs)
  const path = `/live/${event.event}/v1/${number}.m4s`
  core.siblings({ edges: ['a1'] }, publishedMs)
  core.learn(event, publishedMs)
  const { admission } = core.ask({ method: 'GET', path }, publishedMs)
  const fetch = admission.effects.find(effect => effect.do === 'fetch')
  if (fetch?.do !== 'fetch') throw new Error('it does not fill')
  core.fetchHead(
    fetch.fetch,
    { status: 200, headers: { etag: '"one"', 'content-length': '3', 'cdn-cache-control': 'max-age-ms=60000' } },
    publishedMs + 5,
  )
  core.fetchBytes(fetch.fetch, 3, publishedMs + 6)
  core.fetchEnd(fetch.fetch, publishedMs + 6)
  log.write({ note: 'request', path })
  expect(core.ask({ method: 'GET', path }, publishedMs + 100).verdict.reason).toBe('hit')
  core.flush(publishedMs + 200)
  core.ask({ method: 'GET', path }, publishedMs + 300)
  return lines
}

/** An origin that holds a request until its segment is published. */
function originLog(): string[] {
  const config = { event, region: 'eu', seed: 1, startedMs: event.startMs, backlogUntilMs: event.startMs }
  const { lines, core } = logOf('origin', config, new OriginCore(config as never), originInputs)
  const body = { pipeline: 'a', rendition: 'v1', number, etag: '"one"', bodyBytes: 100, defects: [] }
  core.pushed('a', publishedMs - 1_000)
  const address = { kind: 'segment', event: event.event, rendition: 'v1', number } as const
  expect(core.ask({ address, asker: 'a1' }, publishedMs - 500).verdict.do).toBe('hold')
  core.offer(body as never, publishedMs)
  core.arrived(body as never, publishedMs)
  core.stored(body as never, publishedMs + 3)
  core.wake(publishedMs + 4_000)
  return lines
}

describe.each([
  ['edge', edgeLog],
  ['origin', originLog],
])('the decision log of an %s', (role, log) => {
  test('comes out of a new core byte by byte', async () => {
    const lines = log()
    const replay = await replayLog(lines)
    expect(replay).toMatchObject({ role, name: `${role}1`, first: undefined, end: 'whole' })
    expect(replay.decisions).toBeGreaterThan(4)
    expect(replay.same).toBe(replay.decisions)
    expect(errorOf(comparisonOf('smoke', 'oca', 'oca/x.decisions.ndjson', replay))).toBe(0)
  })

  test('with one decision changed differs in that line', async () => {
    const lines = log()
    const at = lines.findIndex(line => /"reason":"(held|hit)"/.test(line))
    lines[at] = (lines[at] as string).replace(/"reason":"(held|hit)"/, '"reason":"overdue"')
    const replay = await replayLog(lines)
    expect(replay.first).toMatchObject({ line: at + 1, call: 'ask', logged: expect.stringContaining('overdue') })
    expect(replay.first?.replayed).toMatch(/"(held|hit)"/)
    expect(replay.same).toBe(replay.decisions - 1)
    const comparison = comparisonOf('smoke', 'oca', 'oca/x.decisions.ndjson', replay)
    expect(isExceeded(comparison)).toBe(true)
    expect(comparison.note).toMatch(/^first difference: line \d+, ask\[/)
  })

  test('with one input changed differs from there on', async () => {
    const lines = log()
    const at = lines.findIndex(line => line.startsWith('{"call":"ask"'))
    lines[at] = (lines[at] as string)
      .replaceAll(`/${number}.m4s`, '/999999.m4s')
      .replace(`"number":${number}`, '"number":9')
    const replay = await replayLog(lines)
    expect(replay.first).toMatchObject({ line: at + 1, call: 'ask' })
    expect(replay.same).toBeLessThan(replay.decisions)
  })
})

describe('a log', () => {
  test('of a process that was killed in mid-line is replayed up to there', async () => {
    const lines = edgeLog()
    const last = lines.pop() as string
    const replay = await replayLog([...lines, last.slice(0, 20)])
    expect(replay).toMatchObject({ end: 'torn', first: undefined })
  })

  test('that met its limit is replayed up to there, and says so', async () => {
    const replay = await replayLog([...edgeLog(), '{"log":"cut","limitBytes":1}', 'what does not count'])
    expect(replay).toMatchObject({ end: 'cut', first: undefined })
    expect(comparisonOf('s', 'p', 'f', replay).note).toContain('limit of bytes')
  })

  test.each<[string, string[], RegExp]>([
    ['is empty', [], /empty/],
    ['has no head', ['{"call":"ask"}'], /line 1 is no head/],
    ['has no core', ['{"log":"tidegate-decisions/1","role":"fleet","name":"f"}'], /role 'fleet'/],
    ['is sampled', [edgeLog()[0] as string, '{"log":"sampled"}'], /middle/],
    ['is no JSON in the middle', [edgeLog()[0] as string, '{"call', '{"call":"wake","with":[1]}'], /line 2 is no JSON/],
  ])('that %s is refused', async (_, lines, message) => {
    await expect(replayLog(lines)).rejects.toThrow(message)
  })

  test('with a call that the core does not have differs', async () => {
    const replay = await replayLog([edgeLog()[0] as string, '{"call":"askNicely","with":[]}'])
    expect(replay.first?.replayed).toBe('there is no askNicely')
  })
})
