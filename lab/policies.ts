import { type EdgePolicy, policySchema, presets } from '../edge/core/policy.ts'
import { ConfigurationError } from '../process/configuration.ts'
import { nearest } from '../scenarios/wanted.ts'

// Policies as people name them: a preset, or a preset with single behaviours put on or off.

export interface NamedPolicy {
  /** As it was asked for; the variant's name. */
  readonly name: string
  readonly preset: string
  readonly switches: Partial<EdgePolicy>
  /** All switches as they stand. */
  readonly policy: EdgePolicy
}

export const presetNames = Object.keys(presets)

const switchNames = Object.entries(policySchema.shape)
  .filter(([, schema]) => schema.type === 'boolean')
  .map(([name]) => name)

/**
 * `oca`, `oca-wakeOnFill` (all of oca without one behaviour), `none+proxy_cache+proxy_cache_lock`. Throws
 * ConfigurationError that names what does not exist.
 */
export function parsePolicy(name: string): NamedPolicy {
  const [preset = '', ...changes] = name.split(/(?=[+-])/)
  const base = presets[preset]
  if (base === undefined) throw unknown('policy', preset, presetNames)
  const switches = Object.fromEntries(
    changes.map(change => {
      const key = change.slice(1)
      if (!switchNames.includes(key)) throw unknown('switch', key, switchNames)
      return [key, change.startsWith('+')]
    }),
  )
  return { name, preset, switches, policy: { ...base, ...switches, name } }
}

function unknown(what: string, given: string, names: readonly string[]): ConfigurationError {
  const near = nearest(given, names)
  return new ConfigurationError(
    `there is no ${what} '${given}'; ${near ? `did you mean '${near}'?` : `there are: ${names.join(', ')}`}`,
  )
}
