import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findPeer } from '../../edge/peers/peer.ts'
import type { Variant } from '../../results/record/record.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { writeSection } from '../page-section.ts'
import { runScenario } from '../run.ts'
import { type Comparison, compare, mean, measures } from './preset-comparison.ts'
import { presetStorms } from './preset-storms.ts'

// Our edge under the policy `nginx` beside nginx itself, stock: the same small storms, in turn (preset, real, real,
// preset, …). Where they differ by more than a tenth and by more than two runs of nginx do, the preset is wrong.

const defaultRounds = 4

/** Runs every storm `rounds` times on both sides. */
async function compareAll(rounds: number): Promise<Map<string, Comparison[]>> {
  const out = await mkdtemp(join(tmpdir(), 'tidegate-nginx-preset-'))
  try {
    const all = new Map<string, Comparison[]>()
    for (const storm of presetStorms()) all.set(storm.name, await compareOne(storm, rounds, out))
    return all
  } finally {
    await rm(out, { recursive: true })
  }
}

async function compareOne(storm: Scenario, rounds: number, out: string): Promise<Comparison[]> {
  const runs: { preset: Variant[]; real: Variant[] } = { preset: [], real: [] }
  for (let turn = 0; turn < 2 * rounds; turn++) {
    const side = turn % 4 === 0 || turn % 4 === 3 ? 'preset' : 'real'
    process.stderr.write(`nginx-preset: ${storm.name}, run ${turn + 1} of ${2 * rounds} (${side})\n`)
    const who = side === 'preset' ? { policies: ['nginx'] } : { edges: ['nginx'] }
    const { record } = await runScenario(storm, { ...who, out, decisionLogs: false })
    runs[side].push(...record.variants)
  }
  return measures.map(measure => compare(measure, runs.preset.map(measure.of), runs.real.map(measure.of)))
}

function table(all: ReadonlyMap<string, readonly Comparison[]>): string {
  const lines = [...all].flatMap(([storm, comparisons]) =>
    comparisons.map(({ measure, preset, real, differs }) => {
      const cell = (values: readonly number[]) =>
        `${round(mean(values))}${measure.unit} (${round(Math.min(...values))} to ${round(Math.max(...values))})`
      return `| ${storm} | ${measure.name} | ${cell(preset)} | ${cell(real)} | ${differs ? '**differs**' : ''} |`
    }),
  )
  return ['| storm | measure | preset `nginx` | nginx | |', '|---|---|---|---|---|', ...lines].join('\n')
}

const round = (value: number): number => (value < 100 ? Math.round(value * 10) / 10 : Math.round(value))

if (import.meta.main) {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, write: { type: 'boolean' } } })
  const found = await findPeer('nginx')
  if ('absent' in found) {
    process.stderr.write(`nginx-preset: ${found.absent}\n`)
    process.exit(1)
  }
  const rounds = Number(values.rounds ?? defaultRounds)
  const all = await compareAll(rounds)
  const text = `nginx ${found.version}; mean (least to most) of ${rounds} runs on each side.\n\n${table(all)}`
  process.stdout.write(`${text}\n`)
  if (values.write) await writeSection(new URL('../../docs/peers.md', import.meta.url), 'nginx-preset', text)
  const figures: Record<string, number> = {
    differs: [...all.values()].flat().filter(({ differs }) => differs).length,
  }
  for (const [storm, comparisons] of all) {
    for (const { measure, preset, real } of comparisons) {
      const name = `${storm} ${measure.name}`.replaceAll(/[ -]+/g, '_')
      figures[`${name}.preset`] = round(mean(preset))
      figures[`${name}.nginx`] = round(mean(real))
    }
  }
  process.stdout.write(`${JSON.stringify({ bench: 'nginx-preset', figures })}\n`)
}
