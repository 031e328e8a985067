import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runWith } from '../results/gate/runs.fixture.ts'

const entry = join(import.meta.dirname, 'tidegate.mjs')
const folder = mkdtempSync(join(tmpdir(), 'tidegate-cli-gate-'))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function tidegate(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [entry, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => {
    said.stdout += chunk
  })
  child.stderr.on('data', chunk => {
    said.stderr += chunk
  })
  const code = await new Promise<number | null>(done => child.once('close', done))
  return { code, ...said }
}

function fileOf(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const recordFile = (name: string, ...args: Parameters<typeof runWith>): string =>
  fileOf(name, JSON.stringify(runWith(...args)))
const same = recordFile('same.json')
const extra = recordFile('extra.json', { fills_per_segment_max: 2 })

/** A baseline of three equal runs. */
async function baseline(name: string, because = 'the first'): Promise<string> {
  const { code } = await tidegate('baseline', 'update', same, same, same, '--because', because, '--file', name)
  expect(code).toBe(0)
  return join(folder, name)
}

describe.concurrent('tidegate gate', { timeout: 60_000 }, () => {
  test('holds for the same figures, and fails with 3 for one fill more, saying which', async () => {
    const file = await baseline('base.json')
    const held = await tidegate('gate', same, '--baseline', file)
    expect(held).toMatchObject({ code: 0, stderr: '' })
    expect(held.stdout).toMatch(/^The gate held: of \d+ figures 0 worse/)
    const failed = await tidegate('gate', extra, '--baseline', file, '--junit', 'gate.xml', '--markdown', 'gate.md')
    expect(failed.code).toBe(3)
    expect(failed.stdout).toMatch(/│ worse +│ oca +│ fills_per_segment_max │ was 1, is 2/)
    expect(failed.stdout).toContain('oca is not explained: under oca no decision logs were kept')
    expect(readFileSync(join(folder, 'gate.xml'), 'utf8')).toContain('<failure message="oca: was 1, is 2')
    expect(readFileSync(join(folder, 'gate.md'), 'utf8')).toContain('**The gate failed')
    const json = await tidegate('gate', extra, '--baseline', file, '--json')
    expect(JSON.parse(json.stdout).gate.outcome).toBe('failed')
  })

  test('what is worse is explained from the logs beside the record', async () => {
    const file = await baseline('explained-base.json')
    const run = runWith({ fills_per_segment_max: 2 })
    const log = (lines: readonly object[]) => lines.map(line => `${JSON.stringify(line)}\n`).join('')
    const atMs = (run.variants[2]?.startedMs ?? 0) + 100
    const asked = (id: string) => [
      {
        note: 'request',
        id,
        path: '/live/show/v1/13.m4s',
        atMs,
        edge: 'a1',
        site: 'a',
        verdict: { do: 'serve', reason: 'published' },
      },
      { note: 'sent', id, status: 200, firstByteMs: atMs, lastByteMs: atMs + 1, bytes: 5 },
    ]
    const head = { log: 'tidegate-decisions/1', role: 'origin', name: 'origin' }
    fileOf('origin.ndjson', log([head, ...asked('a1-f1'), ...asked('a1-f2')]))
    const variants = run.variants.map(one =>
      one.name === 'oca' ? { ...one, logs: [{ role: 'origin', name: 'origin', file: 'origin.ndjson' }] } : one,
    )
    const { stdout } = await tidegate(
      'gate',
      fileOf('logged.json', JSON.stringify({ ...run, variants })),
      '--baseline',
      file,
    )
    expect(stdout).toContain(
      'oca: 2 segment requests reached the origin; 1 were the one fill of the ideal, 1 were over it.',
    )
    expect(stdout).toMatch(/│ v1\/13 +│ a +│ a1 +│ unknown/)
  })

  test('keeps a history where it holds, and begins it anew with a new baseline', async () => {
    const file = await baseline('kept.json')
    const history = join(folder, 'kept.history.ndjson')
    const gate = (record: string) => tidegate('gate', record, '--baseline', file, '--history', history)
    expect((await gate(same)).code).toBe(0)
    expect((await gate(extra)).code).toBe(3)
    const lines = () =>
      readFileSync(history, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
    expect(lines()).toHaveLength(1)
    await baseline('kept.json', 'a second reason')
    expect(lines().map(({ because }) => because)).toEqual([undefined, 'a second reason'])
    expect(JSON.parse(readFileSync(file, 'utf8')).reasons.map(({ because }: { because: string }) => because)).toEqual([
      'a second reason',
      'the first',
    ])
    // A value for each run on one line, so that a change is read in a review.
    expect(readFileSync(file, 'utf8')).toMatch(/"fills_per_segment_max": \[1, 1, 1\]/)
  })

  test.each<[string, (file: string) => string[], RegExp]>([
    [
      'a record of another version',
      file => [
        'gate',
        fileOf('v2.json', JSON.stringify(runWith()).replace('record/1', 'record/2')),
        '--baseline',
        file,
      ],
      /v2\.json has the schema tidegate-record\/2, and this Tidegate reads tidegate-record\/1/,
    ],
    [
      'a truncated record',
      file => ['gate', fileOf('cut.json', JSON.stringify(runWith()).slice(0, 500)), '--baseline', file],
      /cut\.json ends in the middle after 500 characters/,
    ],
    ['no record', file => ['gate', fileOf('none.json', '{}'), '--baseline', file], /none\.json is no record/],
    [
      'no baseline',
      () => ['gate', same, '--baseline', same],
      /same\.json is no baseline \(tidegate-baseline\/1\): its schema is "tidegate-record\/1"/,
    ],
    [
      'a baseline that is not there',
      () => ['gate', same, '--baseline', 'nowhere.json'],
      /nowhere\.json cannot be read: ENOENT/,
    ],
    [
      'a baseline of another seed',
      file => ['gate', recordFile('seed.json', {}, { seed: 1 }), '--baseline', file],
      /was made with seed 65, the record with 1: make a new one/,
    ],
    [
      'a ref that is none',
      file => ['gate', same, '--baseline', file, '--against', 'nowhere'],
      /scenario\.json is missing/,
    ],
    ['too few pairs', file => ['gate', same, '--baseline', file, '--pairs', '2'], /4 or more are wanted/],
    [
      'a history that is none',
      file => ['gate', same, '--baseline', file, '--history', fileOf('odd.ndjson', 'odd\n')],
      /odd\.ndjson:1 is no line of a history/,
    ],
    [
      'a baseline without a reason',
      () => ['baseline', 'update', same, same, same],
      /required option '--because <reason>'/,
    ],
    [
      'a baseline of two runs',
      () => ['baseline', 'update', same, same, '--because', 'x'],
      /3 or more are wanted, here are 2/,
    ],
    ['one record to compare', () => ['compare', same], /name two or more/],
    [
      'a record to render that is none',
      () => ['render', fileOf('text.json', 'text'), '--as', 'junit'],
      /text\.json is no record and no JSON/,
    ],
    [
      'a form that is none',
      () => ['render', same, '--as', 'pdf'],
      /Allowed choices are junit, markdown, json, ndjson, prometheus/,
    ],
  ])('%s is told, with exit code 2 and no stack', async (name, args, message) => {
    const file = await baseline(`for-${name.replaceAll(/\W+/g, '-')}.json`)
    const { code, stdout, stderr } = await tidegate(...args(file))
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe.concurrent('outputs and comparison', { timeout: 60_000 }, () => {
  test('render writes a record in each form', async () => {
    expect((await tidegate('render', same, '--as', 'ndjson')).stdout).toMatch(
      /^\{"schema":"tidegate-summary\/1".*\}\n$/,
    )
    expect((await tidegate('render', same, '--as', 'prometheus', '-o', 'out.prom')).code).toBe(0)
    expect(readFileSync(join(folder, 'out.prom'), 'utf8')).toContain('tidegate_fills_per_segment_max{')
  })

  test('compare shows what differs, and writes a page', async () => {
    const { code, stdout } = await tidegate('compare', same, extra, '--html', 'page.html')
    expect(code).toBe(0)
    expect(stdout).toContain('oca: 1 of ')
    expect(readFileSync(join(folder, 'page.html'), 'utf8')).toContain(
      '<tr class="differs"><th scope="row">fills_per_segment_max',
    )
  })
})

const tiny = `name: tiny
shows: what is measured against a command that was fast
durationMs: 3000
policies: [oca]
event: { segmentMs: 500, publishDelayMs: 200, longestHoldMs: 500, clockSlackMs: 200, backlogSegments: 4, body: synthetic, pipelines: [a] }
topology: { sites: [{ name: a, edges: 1 }] }
fleet: { players: 3, arrivals: [{ is: ramp, fromMs: 0, toMs: 100, share: 1 }] }
actions: [{ atMs: 0, do: origin-slow, ms: 150, forMs: 3000 }]
`

test('times are measured in pairs with real runs of this code, against a command', { timeout: 180_000 }, async () => {
  const out = join(folder, 'real')
  const ran = await tidegate(
    'run',
    fileOf('tiny.yaml', tiny),
    '--out',
    out,
    '--quiet',
    '--json',
    '--ndjson',
    'runs.ndjson',
  )
  expect(ran.code).toBe(0)
  expect(existsSync(join(folder, 'runs.ndjson'))).toBe(true)
  const record = JSON.parse(ran.stdout)
  const [run] = readdirSync(out)
  const file = join(out, run as string, 'record.json')
  const update = await tidegate('baseline', 'update', file, file, file, '--because', 'x', '--file', 'tiny.base.json')
  expect(update.code).toBe(0)
  // The other side is a hundred times as fast in one time: worse, and the rerun says so again.
  record.variants[0].figures.ttfb_ms_p50 = 1
  const fast = fileOf('fast.json', JSON.stringify(record))
  const { code, stdout, stderr } = await tidegate(
    ...['gate', file, '--baseline', 'tiny.base.json', '--pairs', '4', '--against', `cat "${fast}"`],
  )
  expect(stdout).toMatch(/│ worse +│ oca +│ ttfb_ms_p50/)
  expect(stdout).toContain('in 4 pairs measured in one go (A B B A), and 4 to confirm.')
  expect(stderr).toContain('tidegate: confirming, run 8 of 8: cat')
  expect(code).toBe(3)
})
