import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { recordSchema } from '../results/record/record.ts'
import { recordOf, threePolicies } from '../results/record.fixture.ts'
import { scenarioNames } from '../scenarios/list.ts'

const entry = join(import.meta.dirname, 'tidegate.mjs')
const folder = mkdtempSync(join(tmpdir(), 'tidegate-cli-'))

const start = (...args: string[]): ChildProcess =>
  spawn(process.execPath, [entry, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', chunk => {
    stdout += chunk
  })
  child.stderr?.on('data', chunk => {
    stderr += chunk
  })
  const code = await new Promise<number | null>(done => child.once('close', done))
  return { code, stdout, stderr }
}

const tidegate = (...args: string[]): Promise<Ended> => ended(start(...args))

function fileOf(name: string, content: string): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const commands = [
  'run',
  'sim',
  'calibrate',
  'list',
  'explain',
  'gate',
  'baseline',
  'compare',
  'render',
  'init',
  'merge',
  'origin',
  'edge',
  'fleet',
  'pipeline',
  'plan',
  'demo',
  'report',
]

describe.concurrent('the command line', () => {
  test.each(commands)('%s has help with an example', async name => {
    const { code, stdout } = await tidegate(name, '--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Usage: tidegate ${name}`))
    expect(stdout).toMatch(/(Examples?:\n\s+|Then: tidegate)/)
  })

  test('the whole command has help that names every part', async () => {
    const { code, stdout } = await tidegate('--help')
    expect(code).toBe(0)
    for (const name of commands) {
      expect(stdout).toContain(`  ${name} `)
    }
  })

  test('list names every scenario with what it shows', async () => {
    const { code, stdout } = await tidegate('list', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout).map((one: { name: string }) => one.name)).toEqual(scenarioNames())
    expect((await tidegate('list')).stdout).toContain('kickoff')
  })

  test.each<[string, string[], RegExp]>([
    ['an unknown scenario', ['run', 'kikoff'], /^tidegate: kikoff:1:1: .*did you mean 'kickoff'\?\n$/],
    [
      'an unknown policy',
      ['run', 'smoke', '--policy', 'ngnix'],
      /^tidegate: there is no policy 'ngnix'; did you mean 'nginx'\?\n$/,
    ],
    [
      'an unknown edge',
      ['run', 'smoke', '--edge', 'squid'],
      /^tidegate: --edge squid: no edge has the name "squid"; .*\n$/,
    ],
    [
      'a URL that is not on this machine, unless it is said to be one’s own',
      ['run', 'smoke', '--edge', 'https://edge.example.com'],
      /^tidegate: https:\/\/edge\.example\.com is not on this machine, .* say --i-own-this-target\n$/,
    ],
    ['a budget of nothing', ['run', 'smoke', '--edge', 'http://127.0.0.1:9', '--budget', '0'], /1 or more is wanted/],
    ['an unknown option', ['run', 'smoke', '--polcy', 'oca'], /^error: unknown option '--polcy'/],
    ['an unknown command', ['rnu'], /^error: unknown command 'rnu'/],
    ['players that are no number', ['run', 'smoke', '--players', 'many'], /a whole number, 0 or more, is wanted/],
    ['a record that is not there', ['explain', 'nowhere.json'], /^tidegate: nowhere\.json cannot be read: ENOENT/],
    [
      'a wrong configuration',
      ['edge', '--config', fileOf('edge.json', '{"name":"a1"}')],
      /^tidegate: the configuration .* is not right: /,
    ],
  ])('%s ends with exit code 2 and says what is wrong without a stack', async (_, args, message) => {
    const { code, stdout, stderr } = await tidegate(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('a bad scenario of the user is told with file and line', async () => {
    const file = fileOf('bad.yaml', 'name: bad\nshows: a scenario that is bad\ndurationMs: 5\n')
    const { code, stderr } = await tidegate('run', file)
    expect(code).toBe(2)
    expect(stderr).toContain(`${file}:3:13: durationMs cannot be 5; it must be a number of at least 2000`)
  })

  test('merge joins records of shards, and refuses what does not belong together', async () => {
    const shard = fileOf('shard.json', JSON.stringify(recordOf(threePolicies())))
    const [part] = threePolicies()[0]?.parts ?? []
    const partFile = fileOf('part.json', JSON.stringify(part))
    const merged = await tidegate('merge', shard, shard)
    expect(merged.code).toBe(0)
    expect(recordSchema.parse(JSON.parse(merged.stdout)).variants[0]?.figures.players).toBe(600)
    const out = join(folder, 'merged-part.json')
    expect(await tidegate('merge', partFile, partFile, '-o', out)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(JSON.parse(readFileSync(out, 'utf8')).counts.requests).toBe(2 * (part?.counts.requests as number))
    const mixed = await tidegate('merge', shard, partFile)
    expect(mixed).toMatchObject({ code: 2, stderr: 'tidegate: parts and whole records do not merge with each other\n' })
    const neither = await tidegate('merge', fileOf('neither.json', '{}'))
    expect(neither.stderr).toContain('is neither a record (tidegate-record/1) nor a part (tidegate-part/1)')
  })
})

const tiny = `name: tiny
shows: the command from its start to its end
durationMs: 4000
policies: [oca]
event: { segmentMs: 500, publishDelayMs: 200, longestHoldMs: 500, clockSlackMs: 200, backlogSegments: 6 }
topology: { sites: [{ name: a, edges: 1 }] }
fleet: { players: 3, arrivals: [{ is: ramp, fromMs: 0, toMs: 100, share: 1 }] }
checks:
  - { policy: oca, figure: wrong_bodies, equals: 0 }
`

describe.concurrent('tidegate run', { timeout: 60_000 }, () => {
  test('with --json it prints the record alone, and ends with 3 when a check fails', async () => {
    const file = fileOf('failing.yaml', `${tiny}  - { policy: oca, figure: players, equals: 4 }\n`)
    const out = ['--out', join(folder, 'failing'), '--ndjson', 'runs.ndjson']
    const { code, stdout, stderr } = await tidegate('run', file, '--no-rehearsal', '--json', '--quiet', ...out)
    const record = recordSchema.parse(JSON.parse(stdout))
    expect(JSON.parse(readFileSync(join(folder, 'runs.ndjson'), 'utf8')).schema).toBe('tidegate-summary/1')
    expect(record.variants[0]?.checks.map(check => check.outcome)).toEqual(['held', 'failed'])
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
  })

  test('without a terminal, progress is told in lines on standard error, and the result on standard output', async () => {
    const { code, stdout, stderr } = await tidegate('run', fileOf('tiny.yaml', tiny), '--out', join(folder, 'tiny'))
    expect(code).toBe(0)
    expect(stderr).toContain('tidegate: oca (1 of 1): rehearsing\n')
    expect(stderr).toContain('tidegate: oca (1 of 1): 3 players storm oca\n')
    expect(stdout).toMatch(/^At 3 players, oca sent .*\n\n┌/)
    expect(stdout).toMatch(/record: tiny\/.*-tiny\/record\.json\n$/)
  })

  test('Ctrl-C keeps what was measured in a record that is marked as partial, and ends with 1', async () => {
    const out = join(folder, 'interrupted')
    const file = fileOf('interrupted.yaml', tiny.replace('4000', '60000'))
    const child = start('run', file, '--no-rehearsal', '--out', out)
    child.stderr?.on('data', chunk => {
      if (String(chunk).includes('players storm')) child.kill('SIGINT')
    })
    const { code, stdout } = await ended(child)
    expect(code).toBe(1)
    expect(stdout).toContain('this record is partial')
    const [run] = readdirSync(out)
    expect(JSON.parse(readFileSync(join(out, run as string, 'record.json'), 'utf8')).partial).toBe(true)
  })

  test('a command that is killed leaves no process behind', async () => {
    const out = join(folder, 'killed')
    const child = start('run', fileOf('killed.yaml', tiny.replace('4000', '60000')), '--no-rehearsal', '--out', out)
    child.stderr?.on('data', chunk => {
      if (String(chunk).includes('players storm')) child.kill('SIGKILL')
    })
    await ended(child)
    const [run] = readdirSync(out)
    const config = JSON.parse(readFileSync(join(out, run as string, 'oca', 'fleet.config.json'), 'utf8'))
    const edge: string = config.sites[0].edges[0]
    await vi.waitFor(() => expect(fetch(`${edge}/healthz`)).rejects.toThrow(), { timeout: 15_000, interval: 100 })
  })
})
