import type { Scenario } from '../scenarios/schema.ts'

// What the commands that run a scenario, real or simulated, take alike.

/** `scenario` with what the command line says instead. */
export const withOverrides = (
  scenario: Scenario,
  { players, seed }: { readonly players?: number; readonly seed?: number },
): Scenario => ({
  ...scenario,
  seed: seed ?? scenario.seed,
  fleet: { ...scenario.fleet, players: players ?? scenario.fleet.players },
})

/** An option that can be repeated. */
export const repeated = (one: string, before: string[] = []): string[] => [...before, one]
