import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { recordSchema } from '../results/record/record.ts'
import { defaultCalibration } from '../sim/default-calibration.ts'

const entry = join(import.meta.dirname, 'tidegate.mjs')
const folder = mkdtempSync(join(tmpdir(), 'tidegate-sim-'))

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [entry, 'sim', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', chunk => {
    stdout += chunk
  })
  child.stderr?.on('data', chunk => {
    stderr += chunk
  })
  const code = await new Promise<number | null>(done => child.once('close', done))
  return { code, stdout, stderr }
}

const simulate = (...args: string[]) => ended(start(...args))

function fileOf(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

describe.concurrent('tidegate sim', { timeout: 60_000 }, () => {
  test('prints the table of a run, and what the model leaves out', async () => {
    const { code, stdout } = await simulate('smoke', '--out', join(folder, 'table'), '--quiet')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^At the same 20 players, none sent .*\n\n┌/)
    expect(stdout).toContain('Simulated (exact mode), not measured; times from calibration ')
    expect(stdout).toContain('What the model leaves out:\n  - the kernel')
    expect(stdout).toMatch(/record: table\/.*-smoke-simulated\/record\.json\n$/)
  })

  test('takes single fields of the scenario and single ways, and says what cannot be', async () => {
    const out = ['--json', '--quiet', '--policy', 'oca', '--out', join(folder, 'set')]
    const { stdout } = await simulate(
      'smoke',
      ...out,
      '--set',
      'topology.sites.0.edges=1',
      '--latency',
      'edgeOrigin=90',
    )
    const record = recordSchema.parse(JSON.parse(stdout))
    expect(record.variants[0]?.parts.filter(({ role, site }) => role === 'edge' && site === 'a').length).toBe(1)
    // Two ways of 90 ms lie between a viewer who comes first and the origin.
    expect(record.variants[0]?.figures.ttfb_ms_p99).toBeGreaterThan(180)
    const wrong = await simulate('smoke', '--set', 'topology.sites.0.edgs=1')
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('smoke with --set')
    expect(wrong.stderr).toContain("unknown key 'edgs'")
    expect(wrong.stderr).toContain("did you mean 'edges'?")
    for (const [flag, value, says] of [
      ['--set', 'edges', 'a field and its value are wanted'],
      ['--set', 'seed=[', 'the value is no YAML'],
      ['--latency', 'edgOrigin=3', 'ways are playerEdge'],
      ['--latency', 'edgeOrigin=-3', 'a way and its ms are wanted'],
    ] as const) {
      const { code, stderr } = await simulate('smoke', flag, value)
      expect(code).toBe(2)
      expect(stderr).toContain(says)
    }
  })

  test('with --json prints the record alone; a calibration, players and a seed of one’s own stand in it', async () => {
    const slow = { ...defaultCalibration, latency: { ...defaultCalibration.latency, playerEdge: [[0, 40]] } }
    const file = fileOf('slow.json', JSON.stringify(slow))
    const options = ['--policy', 'oca', '--players', '7', '--seed', '5', '--calibration', file]
    const { stdout } = await simulate('smoke', '--json', '--quiet', '--out', join(folder, 'json'), ...options)
    const record = recordSchema.parse(JSON.parse(stdout))
    expect(record).toMatchObject({ world: 'simulated', seed: 5 })
    expect(record.variants[0]?.figures.players).toBe(7)
    expect(record.variants[0]?.figures.ttfb_ms_p50).toBeGreaterThan(80)
  })

  test.each<[string, string[], RegExp]>([
    ['an unknown scenario', ['kikoff'], /^tidegate: kikoff:1:1: .*did you mean 'kickoff'\?\n$/],
    ['an unknown policy', ['smoke', '--policy', 'ngnix'], /^tidegate: there is no policy 'ngnix'; did you mean/],
    [
      'a calibration of another version',
      [
        'smoke',
        '--calibration',
        fileOf('old.json', JSON.stringify({ ...defaultCalibration, schema: 'tidegate-calibration/0' })),
      ],
      /^tidegate: .*old\.json is of version 'tidegate-calibration\/0', and 'tidegate-calibration\/1' is wanted: /,
    ],
    [
      'a calibration that is not there',
      ['smoke', '--calibration', 'no.json'],
      /^tidegate: no\.json: it cannot be read/,
    ],
    [
      'a calibration that is no JSON',
      ['smoke', '--calibration', fileOf('bad.json', '{')],
      /bad\.json: it is no JSON; /,
    ],
    [
      'more players than memory',
      ['kickoff', '--players', '90000000'],
      /^tidegate: simulating 90,000,000 players .* would take about .* MiB, and the limit is 3,072 MiB: simulate about /,
    ],
  ])('%s ends with exit code 2 and says what is wrong without a stack', async (_, args, message) => {
    const { code, stdout, stderr } = await simulate(...args, '--quiet')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('Ctrl-C keeps the part done in a record that is marked as partial, and ends with 1', async () => {
    const out = join(folder, 'interrupted')
    const child = start('kickoff', '--policy', 'oca', '--players', '200000', '--out', out)
    // Once only: a second one ends the command at once.
    child.stderr?.once('data', () => child.kill('SIGINT'))
    const { code, stdout } = await ended(child)
    expect(code).toBe(1)
    expect(stdout).toContain('this record is partial')
    const [run] = readdirSync(out)
    expect(JSON.parse(readFileSync(join(out, run as string, 'record.json'), 'utf8')).partial).toBe(true)
  })
})
