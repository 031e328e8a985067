import { spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { allHeld } from '../../results/checks.ts'
import type { GateResult } from '../../results/gate/gate.ts'
import { median } from '../../results/gate/statistics.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { alarmsOf, delayedGates, extraFillGates, plainRuns, type Runs, sameCodeGates } from './gate-comparisons.ts'
import { extraFillRun, plainRun } from './gate-storm.ts'

// Does the gate cry wolf, and does it see the wolf? Real runs beside a load on another core: of the code as it is, of
// the same with every body of the origin delayed so that a time grows by a fifth, and of the same with one extra fill.
//
// - `false_alarms_of_100`: gates of the code against itself that say "worse" of anything. Each has a baseline of ten
//   runs, a record, a second run, ten pairs and ten to confirm, drawn anew from the plain runs and neighbours among them.
// - `slowdowns_found_of_20`: gates of the delayed code in which a time is worse, confirmed; pairs drawn as above.
// - `extra_fills_found_of_20`: gates, one for each run with an extra fill, in which a fill figure is worse.

export interface GateBenchOptions {
  /** Rounds of plain, delayed, delayed, plain. */
  readonly rounds: number
  readonly extraFills: number
  readonly sameCodeGates: number
  readonly delayedGates: number
}

const defaults: GateBenchOptions = { rounds: 12, extraFills: 20, sameCodeGates: 100, delayedGates: 20 }
/** What the delayed code adds to the time below. */
const growth = 0.2
export const grownFigure = 'publication_to_first_byte_ms_p50'
const fillFigures = ['fills_per_segment_max', 'fills_per_segment']
/** Runs before the measured ones: code is compiled, caches are filled, and the time that is to grow is known. */
const warmUps = 3

/** A thread that never rests, in a process that ends with this one, however this one ends. */
const busy = `new (require('node:worker_threads').Worker)('for (;;);', { eval: true })
process.on('disconnect', () => process.exit())`

const tell = (what: string): unknown => process.stderr.write(`gate: ${what}\n`)

/** Makes the runs, beside a load on another core. */
export async function makeRuns(options: GateBenchOptions): Promise<Runs> {
  const out = mkdtempSync(join(tmpdir(), 'tidegate-bench-gate-'))
  const load = spawn(process.execPath, ['-e', busy], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  try {
    const warm: RunRecord[] = []
    for (let i = 0; i < warmUps; i++) warm.push(await plainRun(0, out))
    const addedMs = growth * median(warm.map(figureOf))
    tell(
      `${grownFigure} is ${median(warm.map(figureOf)).toFixed(1)} ms; the delayed code adds ${addedMs.toFixed(1)} ms`,
    )
    const rounds: Runs['rounds'][number][] = []
    for (let i = 1; i <= options.rounds; i++) {
      const round = [0, addedMs, addedMs, 0]
      const made: RunRecord[] = []
      for (const added of round) made.push(await plainRun(added, out))
      tell(`round ${i} of ${options.rounds}: ${made.map(record => figureOf(record).toFixed(0)).join(', ')} ms`)
      rounds.push(made as [RunRecord, RunRecord, RunRecord, RunRecord])
    }
    const withExtraFill: RunRecord[] = []
    for (let i = 1; i <= options.extraFills; i++) {
      withExtraFill.push(await extraFillRun(out))
      tell(`run ${i} of ${options.extraFills} with an extra fill`)
    }
    return { rounds, withExtraFill }
  } finally {
    load.kill('SIGKILL')
    await rm(out, { recursive: true, force: true })
  }
}

const figureOf = ({ variants }: RunRecord): number => variants[0]?.figures[grownFigure] ?? Number.NaN

/** What the gates say of `runs`. */
export function benchGate(runs: Runs, options: GateBenchOptions): Record<string, number> {
  const counted = (gates: readonly GateResult[], what: string, alarms: (gate: GateResult) => string[]) => {
    const alarming = gates.map(alarms).filter(found => found.length > 0)
    tell(`${what}: ${alarming.length} of ${gates.length}; ${frequent(alarming.flat()) || 'nothing'}`)
    return alarming.length
  }
  const isFill = (alarm: string) => fillFigures.some(figure => alarm.startsWith(`${figure} `))
  const plain = plainRuns(runs)
  const delayed = runs.rounds.flatMap(([, second, third]) => [second, third])
  return {
    false_alarms_of_100: counted(sameCodeGates(runs, options.sameCodeGates), 'the same code', gate => alarmsOf(gate)),
    slowdowns_found_of_20: counted(delayedGates(runs, options.delayedGates), 'delayed', gate =>
      alarmsOf(gate, ['pairs']),
    ),
    extra_fills_found_of_20: counted(extraFillGates(runs), 'an extra fill', gate =>
      alarmsOf(gate, ['exact', 'band']).filter(isFill),
    ),
    growth: round(median(delayed.map(figureOf)) / median(plain.map(figureOf))),
    plain_runs: plain.length,
    plain_runs_whose_checks_failed: plain.filter(record => !allHeld(record.variants)).length,
  }
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000

/** What was named, the most frequent first. */
function frequent(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} × ${count}`)
    .join(', ')
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { keep: { type: 'string' } } })
  const runs = await makeRuns(defaults)
  if (values.keep !== undefined) writeFileSync(values.keep, JSON.stringify(runs))
  process.stdout.write(`${JSON.stringify({ bench: 'gate', figures: benchGate(runs, defaults) })}\n`)
}
