import { z } from 'zod'
import { scenarioSchema } from './schema.ts'

// What the schema wants at a place of a scenario, in words for the author: read from the schema's JSON Schema form, so
// that messages cannot drift from what is checked.

export type Path = readonly (string | number)[]

/** The part of JSON Schema that zod emits for our schemas. */
interface Shape {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Shape | boolean
  readonly propertyNames?: Shape
  readonly items?: Shape
  readonly oneOf?: readonly Shape[]
  readonly anyOf?: readonly Shape[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

const root = z.toJSONSchema(scenarioSchema, { io: 'input' }) as Shape

/** The shape at `path`; the value's own discriminator decides between alternatives. */
function shapeAt(path: Path, value: unknown): Shape | undefined {
  let shape: Shape | undefined = root
  let here = value
  for (const step of path) {
    shape = alternative(shape, here)
    const more: Shape | boolean | undefined = shape?.additionalProperties
    shape =
      typeof step === 'number'
        ? shape?.items
        : (shape?.properties?.[step] ?? (typeof more === 'object' ? more : undefined))
    here = (here as Record<string | number, unknown> | undefined)?.[step]
  }
  return alternative(shape, here)
}

function alternative(shape: Shape | undefined, value: unknown): Shape | undefined {
  if (shape?.oneOf === undefined) return shape
  const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  const fits = shape.oneOf.find(one =>
    Object.entries(one.properties ?? {}).some(
      ([key, { const: wanted }]) => wanted !== undefined && given[key] === wanted,
    ),
  )
  return fits ?? shape
}

/** The keys that an object at `path` may have. */
export function keysAt(path: Path, value: unknown): string[] {
  const shape = shapeAt(path, value)
  const names = shape?.propertyNames?.enum?.map(String) ?? []
  return [...Object.keys(shape?.properties ?? {}), ...names]
}

/** In words, what may stand at `path` of the scenario `value`. */
export function wantedAt(path: Path, value: unknown): string {
  const shape = shapeAt(path, value)
  return shape === undefined ? 'nothing' : inWords(shape)
}

function inWords(shape: Shape): string {
  const alternatives = shape.oneOf ?? shape.anyOf
  if (alternatives) {
    const names = alternatives.map(discriminatorOf)
    return names.every(name => name !== undefined)
      ? `an object with ${names.join(' or ')}`
      : alternatives.map(inWords).join(', or ')
  }
  if (shape.const !== undefined) return JSON.stringify(shape.const)
  if (shape.enum) return `one of ${shape.enum.join(', ')}`
  switch (shape.type) {
    case 'number':
    case 'integer':
      return numberInWords(shape)
    case 'string':
      if (shape.pattern === namePattern) return 'a name of a-z, 0-9 and -, at most 64 characters'
      return shape.minLength ? `a text of at least ${shape.minLength} characters` : 'a text'
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list${shape.minItems ? ` of at least ${shape.minItems}` : ''}${boundInWords(shape.maxItems, ' and of at most ')}`
    default:
      return `an object with ${(shape.required ?? Object.keys(shape.properties ?? {})).join(', ') || 'keys of its own'}`
  }
}

const namePattern = '^[a-z0-9][a-z0-9-]{0,63}$'

/** `is: ramp`, for one of the alternatives that a word tells apart. */
function discriminatorOf(shape: Shape): string | undefined {
  const found = Object.entries(shape.properties ?? {}).find(([, property]) => property.const !== undefined)
  return found && `${found[0]}: ${found[1].const}`
}

function numberInWords(shape: Shape): string {
  const least =
    shape.exclusiveMinimum === undefined
      ? boundInWords(shape.minimum, ' of at least ')
      : boundInWords(shape.exclusiveMinimum, ' above ')
  const most = boundInWords(shape.maximum, least ? ' and at most ' : ' of at most ')
  return `a${shape.type === 'integer' ? ' whole' : ''} number${least}${most}`
}

/** Bounds that only say "fits into a double" are no news to an author. */
const boundInWords = (bound: number | undefined, words: string): string =>
  bound === undefined || Math.abs(bound) === Number.MAX_SAFE_INTEGER ? '' : `${words}${bound}`

/** The one of `candidates` that is nearest to `given`, when it is near enough to have been meant. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map(candidate => ({ candidate, distance: editDistance(given.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(2, Math.floor(given.length / 3)) ? best.candidate : undefined
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(substituted, (previous[j] as number) + 1, (row[j - 1] as number) + 1))
    }
    previous = row
  }
  return previous[b.length] as number
}
