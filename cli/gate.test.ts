import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runScenario } from '../lab/run.ts'
import { definitionOf } from '../results/figure-definitions.ts'
import { baselineWith, runWith } from '../results/gate/runs.fixture.ts'
import type { Variant } from '../results/record/record.ts'
import { loadScenario } from '../scenarios/load.ts'
import { writeBaseline } from './baseline-file.ts'

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

/** A baseline of three equal runs, as the command would write it. */
const base = join(folder, 'base.json')
writeBaseline(base, baselineWith())

describe.concurrent('tidegate gate', { timeout: 60_000 }, () => {
  test('holds for the same figures, and fails with 3 for one fill more, saying which', async () => {
    const held = await tidegate('gate', same, '--baseline', base)
    expect(held).toMatchObject({ code: 0, stderr: '' })
    expect(held.stdout).toMatch(/^The gate held: of \d+ figures 0 worse/)
    const failed = await tidegate('gate', extra, '--baseline', base, '--junit', 'gate.xml', '--markdown', 'gate.md')
    expect(failed.code).toBe(3)
    expect(failed.stdout).toMatch(/│ worse +│ oca +│ fills_per_segment_max │ was 1, is 2/)
    expect(failed.stdout).toContain('oca is not explained: under oca no decision logs were kept')
    expect(readFileSync(join(folder, 'gate.xml'), 'utf8')).toContain('<failure message="oca: was 1, is 2')
    expect(readFileSync(join(folder, 'gate.md'), 'utf8')).toContain('**The gate failed')
    const json = await tidegate('gate', extra, '--baseline', base, '--json')
    expect(JSON.parse(json.stdout).gate.outcome).toBe('failed')
  })

  test('what is worse is explained from the logs beside the record', async () => {
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
      base,
    )
    expect(stdout).toContain(
      'oca: 2 segment requests reached the origin; 1 were the one fill of the ideal, 1 were over it.',
    )
    expect(stdout).toMatch(/│ v1\/13 +│ a +│ a1 +│ unknown/)
  })

  test('keeps a history where it holds, and begins it anew with a new baseline', async () => {
    const update = async (because: string) => {
      const runs = [same, same, same]
      const { code } = await tidegate('baseline', 'update', ...runs, '--because', because, '--file', 'kept.json')
      expect(code).toBe(0)
    }
    await update('the first')
    const file = join(folder, 'kept.json')
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
    await update('a second reason')
    expect(lines().map(({ because }) => because)).toEqual([undefined, 'a second reason'])
    expect(JSON.parse(readFileSync(file, 'utf8')).reasons.map(({ because }: { because: string }) => because)).toEqual([
      'a second reason',
      'the first',
    ])
    // A value for each run on one line, so that a change is read in a review.
    expect(readFileSync(file, 'utf8')).toMatch(/"fills_per_segment_max": \[1, 1, 1\]/)
  })

  test.each<[string, string[], RegExp]>([
    [
      'a record of another version',
      ['gate', fileOf('v2.json', JSON.stringify(runWith()).replace('record/1', 'record/2')), '--baseline', base],
      /v2\.json has the schema tidegate-record\/2, and this Tidegate reads tidegate-record\/1/,
    ],
    [
      'a truncated record',
      ['gate', fileOf('cut.json', JSON.stringify(runWith()).slice(0, 500)), '--baseline', base],
      /cut\.json ends in the middle after 500 characters/,
    ],
    ['no record', ['gate', fileOf('none.json', '{}'), '--baseline', base], /none\.json is no record/],
    [
      'no baseline',
      ['gate', same, '--baseline', same],
      /same\.json is no baseline \(tidegate-baseline\/1\): its schema is "tidegate-record\/1"/,
    ],
    [
      'a baseline that is not there',
      ['gate', same, '--baseline', 'nowhere.json'],
      /nowhere\.json cannot be read: ENOENT/,
    ],
    [
      'a baseline of another seed',
      ['gate', recordFile('seed.json', {}, { seed: 1 }), '--baseline', base],
      /was made with seed 65, the record with 1: make a new one/,
    ],
    ['a ref that is none', ['gate', same, '--baseline', base, '--against', 'nowhere'], /scenario\.json is missing/],
    ['too few pairs', ['gate', same, '--baseline', base, '--pairs', '2'], /4 or more are wanted/],
    [
      'a history that is none',
      ['gate', same, '--baseline', base, '--history', fileOf('odd.ndjson', 'odd\n')],
      /odd\.ndjson:1 is no line of a history/,
    ],
    ['a baseline without a reason', ['baseline', 'update', same, same, same], /required option '--because <reason>'/],
    [
      'a baseline of two runs',
      ['baseline', 'update', same, same, '--because', 'x'],
      /3 or more are wanted, here are 2/,
    ],
    ['one record to compare', ['compare', same], /name two or more/],
    [
      'a record to render that is none',
      ['render', fileOf('text.json', 'text'), '--as', 'junit'],
      /text\.json is no record and no JSON/,
    ],
    [
      'a form that is none',
      ['render', same, '--as', 'pdf'],
      /Allowed choices are junit, markdown, json, ndjson, prometheus/,
    ],
  ])('%s is told, with exit code 2 and no stack', async (_, args, message) => {
    const { code, stdout, stderr } = await tidegate(...args)
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

// That what is worse is measured again: lab/gate/gate.test.ts.
const tiny = `name: tiny
shows: what is measured against a command that was slow
durationMs: 2000
policies: [oca]
event: { segmentMs: 500, publishDelayMs: 200, longestHoldMs: 500, clockSlackMs: 200, backlogSegments: 4, body: synthetic, pipelines: [a] }
topology: { sites: [{ name: a, edges: 1 }] }
fleet: { players: 3, arrivals: [{ is: ramp, fromMs: 0, toMs: 100, share: 1 }] }
`
const muchMs = 10_000

test.concurrent('times are measured in pairs with real runs of this code, against a command', {
  timeout: 180_000,
}, async () => {
  const { record, recordFile } = await runScenario(loadScenario(fileOf('tiny.yaml', tiny)), {
    out: join(folder, 'real'),
  })
  const file = join(folder, 'tiny.base.json')
  const { code: updated } = await tidegate(
    ...['baseline', 'update', recordFile, recordFile, recordFile, '--because', 'x', '--file', file],
  )
  expect(updated).toBe(0)
  // The other side took much longer for what every run has a time of: this code is better, whatever else the machine has
  // to do. Times that a run has by chance (of a hold, of a rebuffering) would be missing in the next one; on a busy machine
  // nobody may have started within two seconds.
  const [variant] = record.variants as [Variant]
  const others = Object.entries(variant.figures).filter(([figure]) => definitionOf(figure)?.kind !== 'timed')
  const figures = { ...Object.fromEntries(others), ttfb_ms_p50: (variant.figures.ttfb_ms_p50 as number) + muchMs }
  const slow = fileOf('slow.json', JSON.stringify({ ...record, variants: [{ ...variant, figures }] }))
  const { code, stdout, stderr } = await tidegate(
    ...['gate', recordFile, '--baseline', file, '--pairs', '4', '--against', `cat "${slow}"`],
  )
  expect(stdout).toMatch(/│ better +│ oca +│ ttfb_ms_p50/)
  expect(stdout).toContain('in 4 pairs measured in one go (A B B A).')
  expect(stderr).toContain(`tidegate: run 1 of 8: cat "${slow}"`)
  expect(stderr).toContain('tidegate: run 7 of 8: this code')
  expect(code).toBe(0)
})
