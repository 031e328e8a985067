import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startedMs } from '../figures.fixture.ts'
import type { RunRecord, Variant } from '../record/record.ts'
import { recordOf, threePolicies } from '../record.fixture.ts'
import { type ExplainOptions, explain } from './explain.ts'

// Logs of a site of two edges: a2 asks its sibling a1, which fills from the origin; then a1 breaks and a2 fills anew.

const path = '/live/show/v1/13.m4s'
const key = `v1 ${path}`
const at = (ms: number): number => startedMs + ms
const head = (role: string, name: string) => ({ log: 'tidegate-decisions/1', role, name })
const plan = (upstream: object, reason: string) => ({ method: 'GET', path, upstream, reason })

const fleet = [
  head('fleet', 'fleet'),
  {
    note: 'response',
    id: 'p1-4',
    path,
    target: 'http://a2',
    plannedMs: at(100),
    sentMs: at(101),
    firstByteMs: at(140),
    lastByteMs: at(141),
    bytes: 500,
    status: 200,
  },
  {
    note: 'response',
    id: 'p2-4',
    path,
    target: 'http://a2',
    plannedMs: at(300),
    sentMs: null,
    lastByteMs: at(310),
    failed: 'refused',
  },
]

const a2 = [
  head('edge', 'a2'),
  {
    call: 'ask',
    with: [{ method: 'GET', path }, at(102)],
    gives: {
      verdict: { do: 'fill', key, reason: 'fill-miss' },
      admission: {
        ticket: 1,
        effects: [{ do: 'fetch', fetch: 1, key, count: 1, plan: plan({ is: 'sibling', edge: 'a1' }, 'fill-miss') }],
      },
    },
  },
  { note: 'request', id: 'p1-4', path, atMs: at(102), ticket: 1 },
  {
    call: 'fetchFailed',
    with: [1, 'reset', at(120)],
    gives: [{ do: 'fetch', fetch: 2, key, count: 1, plan: plan({ is: 'origin', region: 'us' }, 'fill-next-sibling') }],
  },
  {
    call: 'fetchHead',
    with: [2, { status: 200, headers: {} }, at(138)],
    gives: [{ do: 'deliver', ticket: 1, copy: 7, reason: 'upstream-answer', collapsed: false }],
  },
  { call: 'fetchEnd', with: [2, at(139)], gives: [] },
  { note: 'sent', id: 'p1-4', status: 200, firstByteMs: at(139), lastByteMs: at(140), bytes: 500 },
]

const a1 = [
  head('edge', 'a1'),
  {
    call: 'ask',
    with: [{ method: 'GET', path, sibling: {} }, at(104)],
    gives: {
      verdict: { do: 'fill', key, reason: 'fill-miss' },
      admission: {
        ticket: 1,
        effects: [{ do: 'fetch', fetch: 9, key, count: 1, plan: plan({ is: 'origin' }, 'fill-miss') }],
      },
    },
  },
  { note: 'request', id: 'a2-f1', path, atMs: at(104), ticket: 1 },
]

const origin = [
  head('origin', 'origin'),
  // Before the storm began: not of the record.
  {
    note: 'request',
    id: 'a1-f1',
    path,
    atMs: at(-50),
    edge: 'a1',
    site: 'a',
    verdict: { do: 'serve', reason: 'published' },
  },
  { note: 'sent', id: 'a1-f1', status: 200, lastByteMs: at(-49), bytes: 500 },
  { call: 'ask', with: [{}, at(105)], gives: { verdict: { do: 'hold', reason: 'held' }, ticket: 1 } },
  { note: 'request', id: 'a1-f9', path, atMs: at(105), edge: 'a1', site: 'a', ticket: 1 },
  {
    call: 'stored',
    with: [{}, at(110)],
    gives: [{ do: 'release', tickets: [1], verdict: { do: 'serve', reason: 'published' } }],
  },
  {
    note: 'body',
    id: 'a1-f9',
    from: 'the publish that released it',
    pipeline: 'a',
    bytes: 500,
    askedMs: at(110),
    atMs: at(110),
  },
  { note: 'sent', id: 'a1-f9', status: 200, firstByteMs: at(111), lastByteMs: at(118), bytes: 200, cut: true },
  { call: 'ask', with: [{}, at(121)], gives: { verdict: { do: 'serve', reason: 'published' } } },
  {
    note: 'request',
    id: 'a2-f2',
    path,
    atMs: at(121),
    edge: 'a2',
    site: 'a',
    verdict: { do: 'serve', reason: 'published' },
  },
  { note: 'body', id: 'a2-f2', from: 'the store', pipeline: 'a', bytes: 500, askedMs: at(121), atMs: at(121.5) },
  { note: 'sent', id: 'a2-f2', status: 200, firstByteMs: at(122), lastByteMs: at(137), bytes: 500 },
]

/** A record whose last variant, oca, has these logs beside it. */
function recordWith(logs: Record<string, readonly object[]>, tail = ''): { record: RunRecord; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-explain-'))
  const roles: Record<string, string> = { fleet: 'fleet', origin: 'origin' }
  const files = Object.entries(logs).map(([name, lines]) => {
    const file = `${name}.ndjson`
    writeFileSync(
      join(folder, file),
      lines.map(line => `${JSON.stringify(line)}\n`).join('') + (name === 'a1' ? tail : ''),
    )
    return { role: roles[name] ?? 'edge', name, file }
  })
  const [none, , oca] = threePolicies() as [Variant, Variant, Variant]
  return { record: recordOf([none, { ...oca, logs: files }]), folder }
}

const explained = (options: Partial<ExplainOptions> = {}, tail = ''): Promise<string> => {
  const { record, folder } = recordWith({ fleet, origin, a1, a2 }, tail)
  return explain(record, folder, { policy: 'oca', rows: 20, ...options })
}

const golden = (name: string): string => join(import.meta.dirname, '..', 'render', 'golden', `${name}.txt`)

test('each origin request over the ideal stands with key, instant, edge and reason, the reasons first', async () => {
  await expect(await explained()).toMatchFileSnapshot(golden('explain-summary'))
})

test('a request is followed from the player over both edges to the origin and back', async () => {
  await expect(await explained({ request: 'p1-4' })).toMatchFileSnapshot(golden('explain-request'))
})

test('a request that never left the player is told as far as it came', async () => {
  const text = await explained({ request: 'p2-4' })
  expect(text).toContain('0.00 ms  player  means to ask')
  expect(text).toContain('10.00 ms  player  gives up: refused')
})

test.each(['{"log":"cut","limitBytes":9}\n', '{"note":"request","id":"a'])(
  'a log that ends with %j is told to be incomplete',
  async tail => {
    expect(await explained({}, tail)).toContain('The log of a1 is cut or sampled')
    expect(await explained({ request: 'p1-4' }, tail)).toContain('The log of a1 is cut or sampled')
  },
)

test('the log of an edge that the lab killed lacks what the edge had not written yet', async () => {
  const { record, folder } = recordWith({ fleet, origin, a1, a2 })
  const actions = [{ atMs: at(119), action: { do: 'kill-edge', edge: 'a1' } }]
  const killed = { ...record, variants: record.variants.map(variant => ({ ...variant, actions })) }
  expect(await explain(killed, folder, { policy: 'oca', rows: 1 })).toContain('The log of a1 is cut or sampled')
})

test('rows are limited, and the rest is counted', async () => {
  const { record, folder } = recordWith({
    fleet,
    a1,
    a2,
    // The last request again, twice: its three notes.
    origin: [...origin, ...origin.slice(-3), ...origin.slice(-3)],
  })
  const text = await explain(record, folder, { policy: 'oca', rows: 1 })
  expect(text).toContain('4 segment requests reached the origin; 1 were the one fill of the ideal, 3 were over it.')
  expect(text).toContain('and 2 more; --rows 3 lists all.')
})

test('what cannot be explained says why', async () => {
  const { record, folder } = recordWith({ fleet, origin, a1, a2 })
  await expect(explain(record, folder, { policy: 'squid', rows: 1 })).rejects.toThrow(
    "the record has no policy 'squid'; it has: none, oca",
  )
  await expect(explain(record, folder, { policy: 'none', rows: 1 })).rejects.toThrow(
    'under none no decision logs were kept',
  )
  await expect(explained({ request: 'p9-9' })).rejects.toThrow('no log has a request p9-9; there is p1-4, for one')
  await expect(explain(record, '/nowhere', { policy: 'oca', rows: 1 })).rejects.toThrow('cannot be read: ENOENT')
})
