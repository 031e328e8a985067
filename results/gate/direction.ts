import type { FigureName } from '../figure-definitions.ts'

// Which way a figure is better. Nearly all of them count what nobody wants: requests, bytes, errors, waits. What is not
// named here is better when it is less.

export type Direction = 'less' | 'more' | 'neither'

const more: ReadonlySet<string> = new Set<FigureName>(['hit_share', 'generator_kept_up'])

/**
 * Neither good nor bad: they say how a run was made, or where requests went that were no hits. One that changes says
 * that the two runs are not the same work, which is as bad as a figure that got worse.
 */
const neither: ReadonlySet<string> = new Set<FigureName>([
  'players',
  'player_requests',
  'segments_counted',
  'negative_hit_share',
  'collapsed_share',
  'refused_share',
])

/** Of the load generator, not of what is measured: shown, never judged. */
const ofTheGenerator: ReadonlySet<string> = new Set<FigureName>([
  'generator_lag_ms_p50',
  'generator_lag_ms_p99',
  'generator_kept_up',
])

const nameOf = (figure: string): string => figure.split('.', 1)[0] as string

/** Which way `figure`, which may carry an edge's name behind a dot, is better. */
export function directionOf(figure: string): Direction {
  const name = nameOf(figure)
  return more.has(name) ? 'more' : neither.has(name) ? 'neither' : 'less'
}

/** Whether a gate judges by `figure`. */
export const isJudged = (figure: string): boolean => !ofTheGenerator.has(nameOf(figure))
