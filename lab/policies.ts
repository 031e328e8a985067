import { type EdgePolicy, policySchema, presets } from '../edge/core/policy.ts'
import { ConfigurationError } from '../process/configuration-error.ts'
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

const { name: _name, proxy_cache_valid: _valid, ...switchShape } = policySchema.shape
type SwitchName = keyof typeof switchShape
const switchNames = Object.keys(switchShape) as SwitchName[]
const isFlag = (name: SwitchName): boolean => switchShape[name].type === 'boolean'

/**
 * `oca`, `oca-wakeOnFill` (all of oca without one behaviour), `none+proxy_cache+proxy_cache_lock`,
 * `oca+lockCovers=new+lockPollMs=500` (behaviours that are not only on or off; lists are joined by commas). Throws
 * ConfigurationError that names what does not exist.
 */
export function parsePolicy(name: string): NamedPolicy {
  const [preset = '', ...changes] = name.split(/(?=[+-])/)
  const base = presets[preset]
  if (base === undefined) throw unknown('policy', preset, presetNames)
  const switches: Partial<EdgePolicy> = Object.fromEntries(changes.map(switchOf))
  return { name, preset, switches, policy: { ...base, ...switches, name } }
}

/** The name that `parsePolicy` reads as `preset` with `switches`; fields that the preset has anyway are left out. */
export function policyName(preset: string, switches: Partial<EdgePolicy>): string {
  const base = presets[preset]
  if (base === undefined) throw unknown('policy', preset, presetNames)
  const changes = switchNames.flatMap(key => {
    const value = switches[key]
    if (value === undefined || String(value) === String(base[key])) return []
    if (isFlag(key)) return [`${value ? '+' : '-'}${key}`]
    return [`+${key}=${String(value)}`]
  })
  return [preset, ...changes].join('')
}

function switchOf(change: string): [string, unknown] {
  const [key = '', text] = change.slice(1).split('=', 2)
  if (!switchNames.includes(key as SwitchName)) throw unknown('switch', key, switchNames)
  const name = key as SwitchName
  if (isFlag(name)) {
    if (text !== undefined) throw new ConfigurationError(`'${key}' is on or off: write '+${key}' or '-${key}'`)
    return [name, change.startsWith('+')]
  }
  if (text === undefined || !change.startsWith('+')) {
    throw new ConfigurationError(`'${key}' has a value: write '+${key}=…', as '+${key}=${String(presets.oca?.[name])}'`)
  }
  const value = parsedValue(name, text)
  const parsed = switchShape[name].safeParse(value)
  if (parsed.success) return [name, parsed.data]
  throw new ConfigurationError(`'${key}' cannot be '${text}': ${parsed.error.issues[0]?.message}`)
}

function parsedValue(name: SwitchName, text: string): unknown {
  const { type } = switchShape[name]
  if (type === 'number') return text === '' ? NaN : Number(text)
  return type === 'array' ? text.split(',').filter(one => one !== '') : text
}

function unknown(what: string, given: string, names: readonly string[]): ConfigurationError {
  const near = nearest(given, names)
  return new ConfigurationError(
    `there is no ${what} '${given}'; ${near ? `did you mean '${near}'?` : `there are: ${names.join(', ')}`}`,
  )
}
