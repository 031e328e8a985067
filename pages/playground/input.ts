import type { LiveEvent } from '../../live/event.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { type Setting, settingText } from '../../scenarios/settings.ts'
import type { Latencies } from '../../sim/calibration.ts'
import type { MediaSizes } from '../../sim/media.ts'

// What the playground simulates, as plain data: made by the page's controls, handed to its worker, and printed as the
// command that gives the same numbers.

/** A scenario as the page carries it: with its event on the clock and the sizes of its media, which only Node can read. */
export interface Base {
  readonly scenario: Scenario
  readonly event: LiveEvent
  /** Absent: synthetic bodies. */
  readonly media?: MediaSizes | undefined
}
export type Bases = Readonly<Record<string, Base>>

/** A storm in exact mode: every viewer is a player's core. */
export interface StormInput {
  /** The name of a base. */
  readonly base: string
  /** As the command line names it: `oca-wakeOnFill`. */
  readonly policy: string
  readonly players: number
  readonly settings: readonly Setting[]
  readonly latencies: Latencies
}

/** A storm in bulk mode: weighted viewers, spread over every edge. */
export interface PlanRequest {
  readonly base: string
  readonly policy: string
  readonly viewers: number
  readonly edges: number
}

/** The command that simulates `input`. */
export function stormCommand({ base, policy, players, settings, latencies }: StormInput): string {
  const sets = settings.map(one => `--set ${quoted(settingText(one))}`)
  const ways = Object.entries(latencies).map(([way, ms]) => `--latency ${way}=${ms}`)
  return ['tidegate sim', base, '--policy', quoted(policy), '--players', players, ...sets, ...ways].join(' ')
}

/** The command that plans `request`. */
export const planRequestCommand = ({ base, policy, viewers, edges }: PlanRequest): string =>
  ['tidegate plan', base, '--policy', quoted(policy), '--viewers', viewers, '--edges', edges].join(' ')

/** A word of a shell's line. */
const quoted = (word: string): string =>
  /^[\w.,:/=+@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
