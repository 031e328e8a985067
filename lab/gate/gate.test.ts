import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { holdGate } from '../../results/gate/gate.ts'
import { usualPairRule } from '../../results/gate/in-pairs.ts'
import { GateError } from '../../results/gate/outcome.ts'
import { baselineWith, runWith } from '../../results/gate/runs.fixture.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { HarnessError } from '../harness-error.ts'
import { invocationOf } from './invocation.ts'
import { measureSides } from './measure.ts'
import { measurePairs } from './measure-pairs.ts'
import { commandSide, installedSide, type Side, type Work } from './side.ts'
import { commitAll, git, stubCheckout } from './stub.fixture.ts'
import { commitNamed, worktreeOf } from './worktree.ts'

const { signal } = new AbortController()
const record = runWith()
const work: Work = { scenarioHash: record.scenario.sha256, seed: record.seed, rehearsed: false, withinMs: 20_000 }

describe('what a record shows is run again', () => {
  const withVariants = (...variants: { name: string; policy?: object }[]): RunRecord =>
    ({ ...record, variants: variants.map(one => ({ ...record.variants[0], policy: {}, ...one })) }) as RunRecord

  test('with its policies, and its edges as they were given', () => {
    const { variants } = withVariants(
      { name: 'oca' },
      { name: 'oca-wakeOnFill (2)' },
      { name: 'edge:nginx', policy: { edge: 'nginx', version: '1', variant: 'stock' } },
      { name: 'edge:varnish:tuned (2)', policy: { edge: 'varnish', version: '7', variant: 'tuned' } },
      { name: 'edge:nginx:my.conf', policy: { edge: 'nginx', version: '1', configFile: './conf/my.conf' } },
    )
    const environment = { ...record.environment, rehearsed: true as const }
    expect(invocationOf({ ...record, variants, environment }, 's.json').join(' ')).toBe(
      'run s.json --policy oca --policy oca-wakeOnFill --edge nginx --edge varnish:tuned --edge nginx:./conf/my.conf',
    )
  })

  test('and without a rehearsal, where it had none', () => {
    expect(invocationOf(record, 's.json').slice(0, 3)).toEqual(['run', 's.json', '--no-rehearsal'])
  })

  test('unless it was simulated, is an edge that runs by itself, or is nothing', () => {
    expect(() => invocationOf({ ...record, world: 'simulated' }, 's')).toThrow(GateError)
    expect(() => invocationOf(withVariants(), 's')).toThrow('has no variants')
    const url = { name: 'edge:127.0.0.1:1', policy: { edge: 'http://127.0.0.1:1', requestBudget: 1 } }
    expect(() => invocationOf(withVariants(url), 's')).toThrow('runs by itself')
  })
})

describe('pairs', () => {
  test('are run in the order A B B A, each with its own sides', async () => {
    const order: string[] = []
    const side = (title: string, ms: number): Side => ({
      title,
      run: async () => {
        order.push(title)
        return runWith({ ttfb_ms_p50: ms + order.length })
      },
    })
    const told: string[] = []
    const sides = { against: side('A', 100), candidate: side('B', 200) }
    const pairs = await measurePairs(sides, 4, { signal, tell: doing => told.push(doing) })
    expect(order.join('')).toBe('ABBAABBA')
    const times = pairs.map(({ against, candidate }) => [against, candidate].map(run => run.get('oca')?.ttfb_ms_p50))
    expect(times).toEqual([
      [101, 202],
      [104, 203],
      [105, 206],
      [108, 207],
    ])
    expect(told.at(-1)).toBe('run 8 of 8: A')
  })

  test('end with the first run that fails', async () => {
    const failing: Side = { title: 'A', run: () => Promise.reject(new HarnessError('it failed')) }
    await expect(measurePairs({ against: failing, candidate: failing }, 4, { signal, tell: () => {} })).rejects.toThrow(
      'it failed',
    )
  })
})

describe('a measurement', () => {
  const side = (title: string, ms: number): Side => ({ title, run: async () => runWith({ ttfb_ms_p50: ms }) })
  const measured = async (ms: number, candidateMs: number) => {
    const told: string[] = []
    const options = { pairs: 4, rule: usualPairRule, signal, tell: (doing: string) => void told.push(doing) }
    const measurement = await measureSides(side('A', ms), side('B', candidateMs), options)
    return { told, gate: holdGate({ record, baseline: baselineWith(), at: '2026-01-31T18:00:00.000Z', measurement }) }
  }

  test('is made again where it says worse, and is believed when it says so twice', async () => {
    const { told, gate } = await measured(1, 150)
    expect(told).toHaveLength(16)
    expect(told.at(-1)).toBe('confirming, run 8 of 8: A')
    expect(gate.outcome).toBe('failed')
    expect(gate.comparisons.filter(({ outcome }) => outcome === 'worse')).toMatchObject([
      { variant: 'oca', figure: 'ttfb_ms_p50', by: 'pairs' },
    ])
    expect(gate.notes).toContain('Times are compared with A in 4 pairs measured in one go (A B B A), and 4 to confirm.')
  })

  test.each([
    ['the same', 100],
    ['better', 1],
  ])('is made once where it says %s', async (_, candidateMs) => {
    const { told, gate } = await measured(100, candidateMs)
    expect(told).toHaveLength(8)
    expect(gate.outcome).toBe('held')
  })
})

describe('a side', () => {
  const checkout = stubCheckout(record)
  const script = join(checkout, 'cli', 'tidegate.mjs')
  const run = (how: string, given: Partial<Work> = {}, abort = signal) =>
    installedSide('it', { command: process.execPath, args: [script], cwd: checkout }, [how], { ...work, ...given }).run(
      abort,
    )

  test('gives the record that its command prints, also where a check failed', async () => {
    expect(await run('0')).toEqual(record)
    expect(await run('3')).toEqual(record)
  })

  test.each<[string, Parameters<typeof run>, abstract new (...args: never[]) => Error, RegExp]>([
    ['fails', ['1'], HarnessError, /it ended with exit code 1 and left no record\. It said last:\nwhat went wrong/],
    ['prints nothing', ['nothing'], Error, /what it wrote is empty, no record/],
    ['was cut short', ['partial'], HarnessError, /left a partial record/],
    ['ran something else', ['0', { seed: 1 }], GateError, /ran another scenario or seed/],
    ['did without a rehearsal', ['0', { rehearsed: true }], GateError, /had not rehearsed/],
    ['hangs', ['hang', { withinMs: 700 }], HarnessError, /took longer than 1 s/],
    ['is aborted', ['hang', {}, AbortSignal.timeout(700)], HarnessError, /was ended$/],
  ])('that %s says so', async (_, args, kind, message) => {
    const refused = run(...args)
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.toBeInstanceOf(kind)
  })

  test('may be a command of the user’s, which prints a record or writes it where it is told', async () => {
    const line = (how: string) => commandSide(`"${process.execPath}" cli/tidegate.mjs ${how} | cat`, checkout, work)
    expect(await line('0').run(signal)).toEqual(record)
    expect(await line('file').run(signal)).toEqual(record)
    await expect(commandSide('exit 7', checkout, work).run(signal)).rejects.toThrow('ended with exit code 7')
  })
})

describe('a git ref', () => {
  const checkout = stubCheckout(record)
  mkdirSync(join(checkout, 'sub'))
  writeFileSync(join(checkout, 'sub', 'keep'), '')
  const commit = commitAll(checkout)

  test('is told from a command', async () => {
    expect(await commitNamed('main', checkout, signal)).toBe(commit)
    expect(await commitNamed('HEAD', checkout, signal)).toBe(commit)
    expect(await commitNamed('nowhere', checkout, signal)).toBeUndefined()
    expect(await commitNamed('echo main', checkout, signal)).toBeUndefined()
    expect(await commitNamed('--version', checkout, signal)).toBeUndefined()
  })

  test('becomes a checkout of its own, installed, run and removed without a trace', async () => {
    writeFileSync(join(checkout, 'record.json'), 'changed since')
    let folder = ''
    {
      await using worktree = await worktreeOf(commit, join(checkout, 'sub'), signal)
      folder = worktree.tidegate.cwd
      expect(existsSync(join(folder, '..', 'installed'))).toBe(true)
      expect(await installedSide('main', worktree.tidegate, ['0'], work).run(signal)).toEqual(record)
    }
    expect(existsSync(folder)).toBe(false)
    expect(git(checkout, 'worktree', 'list').split('\n')).toHaveLength(1)
    expect(readFileSync(join(checkout, 'record.json'), 'utf8')).toBe('changed since')
  })

  test('that neither is Tidegate nor has it is refused, and leaves nothing', async () => {
    const other = stubCheckout(record)
    git(other, 'init', '-q', '-b', 'main')
    git(other, 'add', 'record.json')
    git(other, 'commit', '-q', '-m', 'without')
    writeFileSync(join(other, 'package.json'), '{}')
    git(other, 'add', 'package.json')
    git(other, 'commit', '-q', '-m', 'a package')
    const head = git(other, 'rev-parse', 'HEAD')
    await expect(worktreeOf(head, other, signal)).rejects.toThrow('neither is Tidegate nor depends on it')
    expect(git(other, 'worktree', 'list').split('\n')).toHaveLength(1)
  })
})
