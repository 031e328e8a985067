// What a level of validation is: a function that runs both sides and gives back the figures that it compared.

import type { Comparison } from './comparison.ts'

export interface LevelOptions {
  /** How many seeds real runs and their twins are repeated over. */
  readonly seeds: number
  /** Only these scenarios, by name; every scenario of the level where it is left out. */
  readonly scenarios?: readonly string[]
  /** Progress, one line at a time, for whoever waits; the command prints it on stderr. */
  readonly say: (line: string) => void
  /** The small part of the level that a test or a first look affords. */
  readonly quick: boolean
  /** Ends the level early: it resolves with what it has compared by then. */
  readonly signal?: AbortSignal
}

/** Resolves to at least one comparison, or throws: a level that compared nothing has not been run. */
export type RunLevel = (options: LevelOptions) => Promise<Comparison[]>

/** Those of `cases` that were asked for. Throws where a name is none of them: silence would look like success. */
export function wantedOf<Case extends { readonly scenario: string }>(
  level: string,
  cases: readonly Case[],
  { scenarios }: Pick<LevelOptions, 'scenarios'>,
): readonly Case[] {
  if (scenarios === undefined) return cases
  const known = new Set(cases.map(({ scenario }) => scenario))
  const unknown = scenarios.filter(name => !known.has(name))
  if (unknown.length > 0) throw new Error(`${level} has no '${unknown.join("', '")}'; it has ${[...known].join(', ')}`)
  return cases.filter(({ scenario }) => scenarios.includes(scenario))
}
