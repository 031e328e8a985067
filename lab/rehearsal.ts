import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Scenario } from '../scenarios/schema.ts'
import type { Contender } from './contenders.ts'
import { type StormOptions, startFleet, storm } from './storm.ts'
import { type PlanOptions, planFor } from './variant-plan.ts'
import type { WarmProcesses } from './warm-processes.ts'
import { World } from './world.ts'

// The storm before the storm. A process that has just begun takes several times as long over its first few hundred
// requests as later, and its compiler takes whole cores meanwhile; what plays to millions has been up for days. So the
// processes of a variant first play a short storm of another event, in a world of its own, and then live again in the one
// that is measured: caches, stores and connections begin empty, code is compiled.

/** Long enough for joins, for playlists and for two live segments. */
const durationMs = 3_000
/** An edge has answered a few hundred requests after it. */
const fewestPlayers = 150
const arrivals: Scenario['fleet']['arrivals'] = [{ is: 'ramp', fromMs: 0, toMs: 1_000, share: 1 }]

/** `scenario` as it is rehearsed: the same topology, players and store, without what goes wrong in it. */
export const rehearsalOf = (scenario: Scenario): Scenario => ({
  ...scenario,
  name: `${scenario.name}-rehearsal`,
  durationMs,
  fleet: { ...scenario.fleet, players: Math.max(fewestPlayers, scenario.fleet.players), arrivals },
  actions: [],
  checks: [],
})

/** Lets the processes of `contender` rehearse `scenario`; afterwards they rest in `warm`. Throws HarnessError. */
export async function rehearse(
  scenario: Scenario,
  contender: Contender,
  options: PlanOptions & StormOptions & { readonly folder: string; readonly warm: WarmProcesses },
): Promise<void> {
  const { signal, tell, warm } = options
  const folder = join(options.folder, 'rehearsal')
  mkdirSync(folder, { recursive: true })
  const rehearsal = rehearsalOf(scenario)
  // A name of its own is a keyspace of its own.
  const player = { ...contender, folder: `${contender.folder}-rehearsal` }
  const { plan } = await planFor(rehearsal, player, options, folder)
  const world = new World({ ...plan, source: warm.rehearsing })
  tell('rehearsing', 0)
  try {
    await world.start(() => undefined, signal)
    const startMs = await startFleet(world, signal)
    await storm(world, startMs, { signal, tell: () => undefined })
  } finally {
    await world.stop()
  }
  rmSync(folder, { recursive: true, force: true })
}
