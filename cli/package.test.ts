import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { findPeer } from '../edge/peers/peer.ts'
import { type Baseline, baselineOf } from '../results/gate/baseline.ts'
import type { Variant } from '../results/record/record.ts'
import { recordOf, threePolicies } from '../results/record.fixture.ts'
import { loadScenario, scenarioHash } from '../scenarios/load.ts'
import { writeBaseline } from './baseline-file.ts'

// Tidegate in somebody else's repository: the packed file, installed into an empty folder, on the Node that runs these
// tests. It is packed and installed once.

const clone = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'tidegate-elsewhere-'))
const tidegate = join(folder, 'node_modules', '.bin', 'tidegate')

const nginx = await findPeer('nginx')
if ('absent' in nginx) process.stderr.write(`NOT TESTED: a user's nginx.conf in another repository: ${nginx.absent}\n`)

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Scripts say `node`, and must find this one whatever the system has. */
const path = [dirname(process.execPath), process.env.PATH].join(delimiter)

const run = (command: string, args: readonly string[], cwd = folder): Promise<Ended> =>
  new Promise(done => {
    const options = { cwd, env: { ...process.env, PATH: path }, maxBuffer: 64 * 1024 * 1024 }
    execFile(command, args, options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
    })
  })

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const text = (...parts: string[]): string => readFileSync(join(folder, ...parts), 'utf8')

beforeAll(async () => {
  const packed = await run(process.execPath, [join(clone, 'scripts', 'pack.mjs'), join(folder, 'packed')], clone)
  expect(packed).toMatchObject({ code: 0, stderr: '' })
  write('package.json', '{ "name": "elsewhere", "private": true, "type": "module" }')
  const file = packed.stdout.trim()
  const installed = await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', file])
  expect(installed.code, installed.stderr).toBe(0)
}, 180_000)

describe('the package', { timeout: 120_000 }, () => {
  test('brings compiled code, types and data, and neither a runtime nor tests nor sources', async () => {
    const own = join('node_modules', 'tidegate')
    const files = readdirSync(join(folder, own), { recursive: true, encoding: 'utf8' })
    expect(files.filter(file => /(?<!\.d)\.ts$|\.test\.|fixture|\/testing\//.test(file))).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['index.js', 'index.d.ts', 'scenarios/smoke.yaml', 'LICENSE']))
    const manifest = JSON.parse(text(own, 'package.json'))
    expect(manifest).not.toHaveProperty('optionalDependencies')
    expect(manifest).not.toHaveProperty('private')
    const packages = readdirSync(join(folder, 'node_modules'))
    expect(packages.filter(name => /^node-(linux|bin|win)|^typescript$|^vitest$|^esbuild$/.test(name))).toEqual([])
  })

  test('is typed for a program that uses it', async () => {
    write(
      'uses.ts',
      `import { holdGate, parseRecord, scenarioSchema, type GateResult, type RunRecord } from 'tidegate'
       const record: RunRecord = parseRecord('{}', 'x')
       const name: string = record.scenario.name
       // @ts-expect-error a seed is a number
       const seed: string = record.seed
       export const gate = (input: Parameters<typeof holdGate>[0]): GateResult['outcome'] => holdGate(input).outcome
       export const all = [name, seed, scenarioSchema]`,
    )
    const compiler = join(clone, 'node_modules', 'typescript', 'bin', 'tsc')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck']
    const types = ['--types', 'node', '--typeRoots', join(clone, 'node_modules', '@types')]
    const { code, stdout } = await run(process.execPath, [compiler, ...options, ...types, 'uses.ts'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    const used = await run(process.execPath, ['--eval', "import('tidegate').then(t => console.log(typeof t.holdGate))"])
    expect(used.stdout).toBe('function\n')
  })

  test('runs smoke and the gate of its counts in under 60 s, and writes a report without what made its scripts', async () => {
    expect((await run(tidegate, ['list'])).stdout).toContain('smoke')
    const startedMs = performance.now()
    const ran = await run(tidegate, ['run', 'smoke', '--quiet', '--out', 'runs'])
    expect(ran.code, ran.stdout + ran.stderr).toBe(0)
    const record = join('runs', readdirSync(join(folder, 'runs'))[0] as string, 'record.json')
    const because = ['--because', 'the first', '--file', 'smoke.baseline.json']
    expect((await run(tidegate, ['baseline', 'update', record, record, record, ...because])).code).toBe(0)
    const gate = await run(tidegate, ['gate', record, '--baseline', 'smoke.baseline.json', '--junit', 'junit.xml'])
    expect(gate).toMatchObject({ code: 0, stdout: expect.stringContaining('The gate held: of ') })
    expect(performance.now() - startedMs).toBeLessThan(60_000)
    expect(text('junit.xml')).toContain('<testsuite name="smoke oca"')
    const report = await run(tidegate, ['report', record, '--html', 'report.html'])
    expect(report).toMatchObject({ code: 0, stdout: 'report: report.html\n' })
    expect(text('report.html')).toContain('<script')
    expect(text('report.html')).toContain('uplot')
  })
})

const conf = `user www-data;
events { worker_connections 512; }
http {
  include mime.types;
  proxy_cache_path /var/cache/nginx keys_zone=live:10m;
  upstream packager { server packager.internal:8080; }
  server {
    listen 80;
    location / { proxy_pass http://packager; proxy_cache live; proxy_cache_lock on; }
  }
}
`

/** Of the scenario that `init` wrote: what every run of it counts, so that the gate's own run is the only one. */
function baselineOfLive(): Baseline {
  const scenario = loadScenario(join(folder, 'tidegate', 'live.yaml'))
  const variant = { name: 'edge:nginx:nginx.conf', figures: { players: scenario.fleet.players, wrong_bodies: 0 } }
  const record = recordOf([{ ...(threePolicies()[0] as Variant), ...variant }], {
    scenario: { name: scenario.name, shows: scenario.shows, sha256: scenarioHash(scenario) },
    seed: scenario.seed,
  })
  return baselineOf([record, record, record], { because: 'the first', at: '2026-01-31T18:00:00.000Z' })
}

describe('init', { timeout: 120_000 }, () => {
  test('writes a scenario, a gate and a workflow, and nothing over what is there', async () => {
    write('nginx.conf', conf)
    const { code, stdout } = await run(tidegate, ['init'])
    expect(code).toBe(0)
    expect(stdout).toContain('The edge under test is nginx with nginx.conf.')
    expect(stdout).toContain("In the lab, upstream packager is the scenario's origin.")
    expect(text('nginx.conf')).toBe(conf)
    const workflow = parse(text('.github', 'workflows', 'tidegate.yml'))
    const commands = workflow.jobs.gate.steps.flatMap((step: { run?: string }) => step.run ?? [])
    expect(commands[0]).toBe('npm ci')
    expect(commands.join('\n')).toContain('sh tidegate/gate.sh --junit tidegate/junit.xml')
    expect(commands.join('\n')).toContain('nginx')
    const again = await run(tidegate, ['init'])
    expect(again.code).toBe(2)
    expect(again.stderr).toMatch(/tidegate\/live\.yaml, .*already there, and nothing was written/)
  })

  test('refuses an nginx.conf that can be no edge before anything is written', async () => {
    write('static.conf', 'events {} http { server { listen 80; root /srv; } }')
    const { code, stderr } = await run(tidegate, ['init', '--force', '--nginx', 'static.conf'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/static\.conf has no proxy_pass.*--no-nginx/)
    expect(text('tidegate', 'gate.sh')).toContain('nginx:nginx.conf')
  })

  test.skipIf('absent' in nginx)('the gate it wrote runs the storm against their nginx', async () => {
    const without = await run('sh', ['tidegate/gate.sh'])
    expect(without.code).toBe(2)
    expect(without.stderr).toContain(
      'npx tidegate baseline update --scenario tidegate/live.yaml --edge nginx:nginx.conf',
    )
    // Shorter, as a user might make it.
    write('tidegate/live.yaml', text('tidegate', 'live.yaml').replace('durationMs: 8000', 'durationMs: 4000'))
    writeBaseline(join(folder, 'tidegate', 'baseline.json'), baselineOfLive())
    const gate = await run('sh', ['tidegate/gate.sh', '--markdown', 'summary.md'])
    expect(gate, gate.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('The gate held: of 2 figures') })
    expect(text('summary.md')).toMatch(/^\| {2}\| edge:nginx:nginx\.conf \|/)
    expect(existsSync(join(folder, 'tidegate', 'runs'))).toBe(true)
  })
})
