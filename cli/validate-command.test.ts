import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const entry = join(import.meta.dirname, 'tidegate.mjs')

async function validate(args: readonly string[], onStderr: (text: string, kill: () => void) => void = () => undefined) {
  const child = spawn(process.execPath, [entry, 'validate', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
    onStderr(stderr, () => child.kill('SIGINT'))
  })
  const code = await new Promise<number | null>(done => child.once('close', done))
  return { code, stdout, stderr }
}

describe.concurrent('tidegate validate', { timeout: 60_000 }, () => {
  test('prints one table and the summary, and the figures as the last line', async () => {
    const { code, stdout, stderr } = await validate(['--quick', '--level', 'v0', '--scenario', 'queues', '--figures'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\| level \| scenario \|/)
    expect(stdout).toContain('| V0 | closed forms against the simulator | 4 |')
    const last = JSON.parse(stdout.trim().split('\n').at(-1) as string)
    expect(last.validate).toMatchObject({ levels: ['V0'], partial: false, quick: true })
    expect(last.figures).toMatchObject({ comparisons: 4, validation_exceeded: 0, validation_missing: 0 })
    expect(stderr).toContain('tidegate: V0: queues at a load of 0.3')
  })

  test('with --json prints everything as one line', async () => {
    const { stdout } = await validate(['--quick', '--json', '--level', 'V0', '--scenario', 'queues'])
    const { outcomes, figures, environment } = JSON.parse(stdout)
    expect(outcomes[0].comparisons).toHaveLength(4)
    expect(figures.v0_error_max).toBeGreaterThan(0)
    expect(environment.cores).toBeGreaterThan(0)
  })

  test('a level that cannot run is said loudly, and the exit code says so', async () => {
    const { code, stdout } = await validate(['--quick', '--level', 'V0', '--scenario', 'nothing'])
    expect(code).toBe(1)
    expect(stdout).toContain("V0 COULD NOT RUN: V0 has no 'nothing'; it has steady-fleet")
  })

  test('Ctrl-C prints what was compared, marked partial', async () => {
    const { code, stdout } = await validate(['--level', 'V0', '--figures'], (stderr, interrupt) => {
      if (stderr.includes('what a fleet of dash.js asks for') && !stderr.includes('once more')) interrupt()
    })
    expect(code).toBe(1)
    expect(stdout).toContain('| V0 | steady-fleet, hls.js | `segment_requests` |')
    expect(stdout).toContain('PARTIAL')
    expect(JSON.parse(stdout.trim().split('\n').at(-1) as string).validate.partial).toBe(true)
  })

  test.each<[string, string[], RegExp]>([
    ['an unknown level', ['--level', 'V6'], /one of V0, V1, V2, V3, V4, V5 is wanted/],
    ['a scenario without a level', ['--scenario', 'kickoff'], /--scenario needs the levels that shall run it/],
    ['no seeds', ['--seeds', '0'], /1 or more is wanted/],
    ['writing a first look', ['--write', '--quick'], /without --quick/],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await validate(args)
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })
})
