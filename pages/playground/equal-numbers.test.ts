import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunRecord, recordSchema } from '../../results/record/record.ts'
import { loadScenario } from '../../scenarios/load.ts'
import { simulateScenario } from '../../sim/node/simulate-scenario.ts'
import type { PlanRecord } from '../../sim/plan/plan-record.ts'
import { renderReport } from '../report/report.ts'
import { complaintsOf, hasBrowser, openBrowser } from '../testing/browser.ts'
import { type PolicyChoice, planCommand, type StormInput, stormCommand } from './input.ts'
import type { StormResult } from './messages.ts'

// The page's worker in a real browser beside the command that the page prints: the same figures, the same decisions.

const entry = join(import.meta.dirname, '../../cli/tidegate.mjs')
const oca: PolicyChoice = { preset: 'oca', switches: {} }
const plain = { settings: [], latencies: {} }

const storms: readonly (readonly [what: string, policy: string, input: StormInput, isTraced: boolean])[] = [
  ['a scenario as it stands', 'oca', { base: 'kickoff', policy: oca, players: 120, ...plain }, false],
  ['single requests followed', 'oca', { base: 'kickoff', policy: oca, players: 40, ...plain }, true],
  [
    'another topology, jitter and latency',
    'nginx',
    {
      base: 'kickoff',
      policy: { preset: 'nginx', switches: {} },
      players: 77,
      settings: [
        { path: ['topology', 'sites'], value: [{ name: 'a', edges: 3 }] },
        { path: ['pipelines', 'publishJitter'], value: { is: 'uniform', lowMs: 0, highMs: 700 } },
      ],
      latencies: { playerEdge: 12, edgeOrigin: 85 },
    },
    false,
  ],
  [
    'behaviours put off',
    'oca-wakeOnFill+lockPollMs=500-designatedFill',
    {
      base: 'early-birds',
      policy: { preset: 'oca', switches: { wakeOnFill: false, lockPollMs: 500, designatedFill: false } },
      players: 50,
      ...plain,
    },
    false,
  ],
  ['a fault', 'oca', { base: 'origin-crash', policy: oca, players: 60, ...plain }, false],
  ['no cache', 'none', { base: 'late-publish', policy: { preset: 'none', switches: {} }, players: 60, ...plain }, true],
]

describe.runIf(hasBrowser('the playground'))('the playground in a browser, and the command that it prints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-playground-'))
  let browser: Browser
  let page: Page
  let complaints: readonly string[]

  beforeAll(async () => {
    const file = join(folder, 'report.html')
    const scenario = loadScenario('smoke')
    const { record } = await simulateScenario(scenario, { out: null })
    writeFileSync(file, await renderReport([record], () => scenario))
    browser = await openBrowser()
    const context = await browser.newContext({ offline: true })
    page = await context.newPage()
    complaints = complaintsOf(page)
    await page.goto(pathToFileURL(file).href)
    await page.waitForSelector('#playground[data-ready]')
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  it.each(storms)('agree on every figure and decision: %s', { timeout: 120_000 }, async (_, policy, input, trace) => {
    const job = await askWorker({ do: 'storm', job: 1, input, trace })
    const result = job as StormResult
    const [variant] = (await recordFrom(stormCommand(input, [policy]))).variants
    expect(result.figures).toEqual(variant?.figures)
    expect(Object.keys(result.figures).length).toBeGreaterThan(20)
    expect(result.decisions).toEqual(variant?.decisions)
    expect(result.trace !== undefined).toBe(trace)
    expect(complaints).toEqual([])
  })

  it('agree on every second of a million viewers', { timeout: 120_000 }, async () => {
    const request = { base: 'kickoff', policy: oca, viewers: 1_000_000, edges: 120 }
    const here = (await askWorker({ do: 'plan', job: 1, request })) as PlanRecord
    const there = JSON.parse(await tidegate(`${planCommand(request, 'oca')} --json --quiet`)) as PlanRecord
    expect(here.curve).toEqual(there.curve)
    expect(here.totals).toEqual(there.totals)
    expect(Math.max(...(here.curve.series.viewers ?? []))).toBeGreaterThan(900_000)
    expect(complaints).toEqual([])
  })

  /** A worker of the test's own, made as the page makes its one. Resolves with what came of the one job. */
  const askWorker = (asked: object): Promise<unknown> =>
    page.evaluate(`new Promise((done, fail) => {
      const text = id => document.getElementById(id).textContent
      const url = URL.createObjectURL(new Blob([text('playground-worker')], { type: 'text/javascript' }))
      const worker = new Worker(url)
      const end = settle => value => { worker.terminate(); settle(value) }
      worker.onerror = ({ message }) => end(fail)(new Error(message))
      worker.onmessage = ({ data }) => {
        if (data.says === 'failed') end(fail)(new Error(data.why))
        else if (data.says.endsWith('-over')) end(done)(data.result ?? data.record)
      }
      worker.postMessage({ do: 'know', bases: JSON.parse(text('playground-data')).bases })
      worker.postMessage(${JSON.stringify(asked)})
    })`)

  /** Runs a command as a shell would read it. */
  async function tidegate(command: string): Promise<string> {
    const line = command.replace(/^tidegate /, `"$NODE" "$ENTRY" `)
    const child = spawn('sh', ['-c', line], {
      cwd: folder,
      env: { ...process.env, NODE: process.execPath, ENTRY: entry },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    const code = await new Promise<number | null>(done => child.once('close', done))
    // 3: a check of the scenario did not hold, of which the playground knows nothing.
    if (code !== 0 && code !== 3) throw new Error(`${command} ended with ${code}: ${stderr}`)
    return stdout
  }

  const recordFrom = async (command: string): Promise<RunRecord> =>
    recordSchema.parse(JSON.parse(await tidegate(`${command} --json --quiet --out runs`)))
})
