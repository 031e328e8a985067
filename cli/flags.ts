import { InvalidArgumentError } from 'commander'
import type { Scenario } from '../scenarios/schema.ts'
import { exitCodes } from './errors.ts'

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

/** Aborted by the first Ctrl-C or SIGTERM, after saying `what` happens now; a second one ends the command at once. */
export function interruptSignal(what = 'ending the run and keeping what was measured'): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCodes.harnessFailed)
      process.stderr.write(`\ntidegate: ${what}; once more ends it at once\n`)
      controller.abort()
    })
  }
  return controller.signal
}

/** An option that can be repeated. */
export const repeated = (one: string, before: string[] = []): string[] => [...before, one]

export function atLeastOne(text: string): number {
  const value = wholeNumber(text)
  if (value < 1) throw new InvalidArgumentError('1 or more is wanted.')
  return value
}

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number, 0 or more, is wanted.')
  return value
}
