import { z } from 'zod'
import { sides } from '../../lab/duel-scenario.ts'
import { limits } from '../../live/limits.ts'
import { behaviours } from './behaviours.ts'
import { faultNames } from './faults.ts'

// What the page may ask of the server: a closed list, checked field by field.

const side = z.enum(sides)
const players = z.number().int().min(0).max(limits.demoPlayers)

export const commandSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('preset'), side, preset: z.enum(['none', 'nginx', 'oca']) }),
  z.strictObject({
    do: z.literal('behaviour'),
    side,
    behaviour: z.enum(behaviours.map(({ name }) => name) as [string, ...string[]]),
    on: z.boolean(),
  }),
  /** Without a side: both. */
  z.strictObject({ do: z.literal('players'), side: side.optional(), players }),
  z.strictObject({ do: z.literal('fault'), fault: z.enum(faultNames), side: side.optional() }),
  /** Follows one request through the edges of a side. */
  z.strictObject({ do: z.literal('follow'), side }),
  /** Everything as it was at the start. */
  z.strictObject({ do: z.literal('reset') }),
  /** Runs the scenario, when it does not run. */
  z.strictObject({ do: z.literal('start') }),
  z.strictObject({ do: z.literal('story'), to: z.enum(['begin', 'next', 'back', 'hold', 'run', 'end']) }),
])
export type Command = z.infer<typeof commandSchema>
