import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { planRecordSchema } from '../sim/plan/plan-record.ts'

// The command as people call it, in a process of its own.

const folder = mkdtempSync(join(tmpdir(), 'tidegate-plan-'))
afterAll(() => rmSync(folder, { recursive: true }))

const entry = join(import.meta.dirname, 'tidegate.mjs')

async function plan(...given: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [entry, 'plan', ...given], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', chunk => (out += chunk))
  child.stderr.on('data', chunk => (err += chunk))
  const [code] = (await once(child, 'close')) as [number]
  return { code, out, err }
}

const small = ['kickoff', '--viewers', '5k', '--edges', '12', '--quiet']

describe('tidegate plan', () => {
  test('prints a table', async () => {
    const table = await plan(...small)
    expect(table).toMatchObject({ code: 0, err: '' })
    expect(table.out).toContain('What the model leaves out')
  }, 60_000)

  test('prints CSV, draws, and writes the record', async () => {
    const svg = join(folder, 'storm.svg')
    const { out } = await plan(...small, '--csv', '--svg', svg, '--out', folder)
    expect(out.split('\n')[0]).toContain('name,tier,region,what,unit,peak')
    expect(readFileSync(svg, 'utf8')).toContain('</svg>')
    expect(planRecordSchema.parse(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'))).plan.name).toBe(
      'kickoff',
    )
  }, 60_000)

  test('makes the same record to the byte whatever the threads, which is what shards, made apart, merge into', async () => {
    const [one, two] = await Promise.all(['1', '2'].map(threads => plan(...small, '--json', '--threads', threads)))
    expect(one?.out).toBe(two?.out)
    const whole = planRecordSchema.parse(JSON.parse(one?.out ?? ''))
    expect(whole.partial).toBe(false)
    const files = await Promise.all(
      [1, 2].map(async index => {
        const { out } = await plan(...small, '--json', '--shard', `${index}/2`)
        const file = join(folder, `shard-${index}.json`)
        writeFileSync(file, out)
        return file
      }),
    )
    const merged = JSON.parse((await plan(...small, '--json', '--merge', ...files)).out)
    expect(merged.totals['edge.requests']).toBeCloseTo(whole.totals['edge.requests'] as number, 3)
    const half = await plan(...small, '--json', '--merge', files[0] as string)
    expect(half).toMatchObject({ code: 2, out: '' })
    expect(half.err).toContain('give every shard i/n once')
  }, 120_000)

  test.each([
    [['kickoff', '--viewers', '5', '--edges', '12'], '12 edges for 5 viewers'],
    [['kickoff', '--minutes', '0.01'], 'shorter than a segment'],
    [['world-finl'], "did you mean 'world-final'?"],
    [['kickoff', '--sweep', 'viewrs=1..2'], "did you mean 'viewers'?"],
    [['kickoff', '--shard', '3/2'], 'i from 1 to n'],
    [['kickoff', '--viewers', 'lots'], 'is wanted'],
    [['kickoff', '--topology', '/nowhere.yaml'], 'cannot be read'],
    [['kickoff', '--memory', '1M'], 'raise --memory'],
    [['world-final', '--shard', '1/2', '--viewers', '1M', '--topology', 'TOPOLOGY'], 'plan it as a whole'],
  ])(
    '%j is refused with what would be right',
    async (given, message) => {
      const topology = join(folder, 'topology.yaml')
      const classes = ['east', 'west'].map(
        region => `  - { name: ${region}, region: ${region}, sites: 9000, edgesPerSite: 2, viewers: 1 }`,
      )
      writeFileSync(
        topology,
        `regions: [east, west]\nclasses:\n${classes.join('\n')}\ncapacities: { originNodes: 1 }\n`,
      )
      const { code, err, out } = await plan(...given.map(one => (one === 'TOPOLOGY' ? topology : one)))
      expect(err).toContain(message)
      expect(err).not.toContain('    at ')
      expect({ code, out }).toEqual({ code: 2, out: '' })
    },
    60_000,
  )

  test('a capacity of zero is refused by its name', async () => {
    const file = join(folder, 'zero.yaml')
    writeFileSync(
      file,
      'regions: [eu]\nclasses:\n  - { name: a, region: eu, sites: 1, edgesPerSite: 1, viewers: 1 }\ncapacities: { backboneBitsPerSecond: 0 }\n',
    )
    const { code, err } = await plan('kickoff', '--topology', file)
    expect(code).toBe(2)
    expect(err).toContain('capacities.backboneBitsPerSecond')
    expect(err).toContain('a number above 0')
  }, 30_000)

  test('Ctrl-C keeps what was counted, as a record that is marked partial', async () => {
    const child = spawn(process.execPath, [entry, 'plan', 'world-final', '--full', '--json', '--out', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    child.stdout.on('data', chunk => (out += chunk))
    // The first line of progress says that it is under way.
    await once(child.stderr, 'data')
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(1)
    expect(planRecordSchema.parse(JSON.parse(out)).partial).toBe(true)
  }, 120_000)
})
