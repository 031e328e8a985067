import type { EdgePolicy } from '../../edge/core/policy.ts'
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

/** A preset with some fields of its own. */
export interface PolicyChoice {
  readonly preset: string
  readonly switches: Partial<EdgePolicy>
}

/** A storm in exact mode: every viewer is a player's core. */
export interface StormInput {
  /** The name of a base. */
  readonly base: string
  readonly policy: PolicyChoice
  readonly players: number
  readonly settings: readonly Setting[]
  readonly latencies: Latencies
}

/** A storm in bulk mode: weighted viewers, spread over every edge. */
export interface PlanRequest {
  readonly base: string
  readonly policy: PolicyChoice
  readonly viewers: number
  readonly edges: number
}

/** The command that simulates `input` with `policies`, as the command line names them. */
export function stormCommand({ base, players, settings, latencies }: StormInput, policies: readonly string[]): string {
  const named = policies.map(policy => `--policy ${quoted(policy)}`)
  const sets = settings.map(one => `--set ${quoted(settingText(one))}`)
  const ways = Object.entries(latencies).map(([way, ms]) => `--latency ${way}=${ms}`)
  return ['tidegate sim', base, ...named, '--players', players, ...sets, ...ways].join(' ')
}

/** The command that plans `request`. */
export const planCommand = ({ base, viewers, edges }: PlanRequest, policy: string): string =>
  ['tidegate plan', base, '--policy', quoted(policy), '--viewers', viewers, '--edges', edges].join(' ')

/** A word of a shell's line. */
const quoted = (word: string): string => (/^[\w.,:/=+@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
