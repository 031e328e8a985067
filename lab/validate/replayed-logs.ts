import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { loadScenario } from '../../scenarios/load.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Comparison } from './comparison.ts'
import { sharedGround } from './ground.ts'
import { type LevelOptions, wantedOf } from './level.ts'
import type { RealRuns } from './real-runs.ts'
import { type Replay, replayLog, tellDifference } from './replay.ts'

// V1: storms as real processes, small, with and without faults; then every edge's, origin's and packager's decision log
// through a new core of the same configuration, byte by byte. A storm that another level has made is not made again.

interface Storm {
  readonly scenario: string
  readonly policies: readonly string[]
  readonly players: number
}

/** Hits, holds and collapse; nginx's timers; processes that die; a version that rises; a store and a read limit at work. */
const storms: readonly Storm[] = [
  { scenario: 'smoke', policies: ['none', 'oca'], players: 20 },
  { scenario: 'kickoff', policies: ['nginx', 'oca'], players: 60 },
  { scenario: 'late-publish', policies: ['nginx', 'oca'], players: 60 },
  { scenario: 'designated-loss', policies: ['oca'], players: 60 },
  { scenario: 'flush', policies: ['oca'], players: 60 },
  { scenario: 'dvr-storm', policies: ['oca'], players: 60 },
  { scenario: 'origin-crash', policies: ['oca'], players: 60 },
]
const quickStorms = 1
const replayedRoles: ReadonlySet<string> = new Set(['edge', 'origin', 'pipeline'])

export async function v1(options: LevelOptions, { runs } = sharedGround()): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const storm of wantedOf('V1', options.quick ? storms.slice(0, quickStorms) : storms, options)) {
    if (options.signal?.aborted) break
    comparisons.push(...(await replayStorm(storm, runs, options)))
  }
  return comparisons
}

/** Runs the storm and replays what its processes have decided. */
async function replayStorm(
  { scenario: name, policies, players }: Storm,
  runs: RealRuns,
  { say, signal }: LevelOptions,
): Promise<Comparison[]> {
  const scenario = { ...withPlayers(loadScenario(name), players), policies: [...policies] }
  if (!runs.has({ scenario })) say(`running ${name} with ${players} players under ${policies.join(' and ')}`)
  const { record, folder } = await runs.of({ scenario }, undefined, signal)
  const comparisons: Comparison[] = []
  for (const variant of record.variants) {
    for (const log of variant.logs.filter(({ role }) => replayedRoles.has(role))) {
      const replay = await replayFile(join(folder, log.file))
      const comparison = comparisonOf(name, variant.name, log.file, replay)
      if (replay.first) say(`${name}, ${variant.name}, ${log.file}: ${tellDifference(replay.first)}`)
      comparisons.push(comparison)
    }
  }
  say(`${comparisons.length} logs of ${name} replayed`)
  return comparisons
}

const withPlayers = (scenario: Scenario, players: number): Scenario => ({
  ...scenario,
  fleet: { ...scenario.fleet, players: Math.min(players, scenario.fleet.players) },
})

/** Replays the decision log in `file`. Throws ReplayError. */
export const replayFile = (file: string): Promise<Replay> =>
  replayLog(createInterface({ input: createReadStream(file), crlfDelay: Infinity }))

/** The goal is that every decision comes out the same: nothing is left to chance. */
export function comparisonOf(scenario: string, variant: string, file: string, replay: Replay): Comparison {
  const { decisions, same, first, end } = replay
  const log = file.replace(/^.*\//, '').replace(/\.decisions\.ndjson$/, '')
  const notes = [
    ...(first ? [`first difference: ${tellDifference(first)}`] : []),
    ...(end === 'cut' ? ['the log met its limit of bytes: what lies before is replayed'] : []),
  ]
  return {
    level: 'V1',
    scenario,
    variant,
    figure: `decisions.${log}`,
    kind: 'count',
    trusted: decisions,
    predicted: same,
    goal: 0,
    spread: 0,
    n: 0,
    ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
  }
}
