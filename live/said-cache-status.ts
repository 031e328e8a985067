import { type Item, parseList } from 'structured-headers'

// What an edge says of its cache, in whichever of the field's dialects it speaks.

export interface SaidCacheStatus {
  /** Whether the answer came from the edge's cache without asking upstream first; undefined: it does not say. */
  readonly hit: boolean | undefined
  /** The field that said so, as it stood; '' when there is none. */
  readonly detail: string
}

/** Header fields by lower-case name, as Node and undici hand them over. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>

type Reader = (value: string) => boolean | undefined

/** The clearest first: a standard, then the words of nginx, then those of everybody, then what only hints. */
const readers: readonly (readonly [string, Reader])[] = [
  ['cache-status', fromCacheStatus],
  ['x-cache-status', fromWords],
  ['cf-cache-status', fromWords],
  ['x-cache', fromWords],
  ['via', fromVia],
  ['age', fromAge],
]

/** Reads the first field that says something; what cannot be read is passed over. */
export function readCacheStatus(fields: HeaderFields): SaidCacheStatus {
  for (const [name, read] of readers) {
    const field = fields[name]
    const value = typeof field === 'string' ? field : field?.join(', ')
    if (value === undefined) continue
    const hit = read(value)
    if (hit !== undefined) return { hit, detail: `${name}: ${value}` }
  }
  return { hit: undefined, detail: '' }
}

/** RFC 9211, 2: the last member is the cache nearest to the client; `hit` and `fwd` exclude each other. */
function fromCacheStatus(value: string): boolean | undefined {
  let members: Item[]
  try {
    members = parseList(value) as Item[]
  } catch {
    return undefined // RFC 9651, 4.2: a field that does not parse is ignored
  }
  const parameters = members.at(-1)?.[1]
  if (parameters === undefined) return undefined
  return parameters.get('hit') === true ? true : parameters.has('fwd') ? false : undefined
}

/**
 * HIT, STALE and UPDATING (nginx), TCP_HIT (Squid, Akamai), `Hit from cloudfront`, `MISS, HIT` (one for each tier, the
 * last is the nearest). What was revalidated went upstream and is no hit.
 */
function fromWords(value: string): boolean | undefined {
  const nearest = value.split(',').at(-1)?.toLowerCase() ?? ''
  if (/refresh|revalid|miss|expired|bypass|pass|dynamic/.test(nearest)) return false
  return /hit|stale|updating/.test(nearest) ? true : undefined
}

/** Traffic Server's letters, `[cHs f ]` or `[uScRs f p eN:t cCHp s ]`: after `c`, H and R are fresh hits (traffic_via(1)). */
function fromVia(value: string): boolean | undefined {
  const letters = [...value.matchAll(/ApacheTrafficServer[^[\]]*\[([^\]]*)\]/g)].at(-1)?.[1]
  const lookup = letters && /c(.)/.exec(letters)?.[1]
  if (!lookup || !/[A-Z]/.test(lookup)) return undefined
  return lookup === 'H' || lookup === 'R'
}

/** An age above 0 was spent in some cache (RFC 9111, 5.1); 0 says nothing. */
const fromAgePattern = /^\d{1,10}$/
function fromAge(value: string): boolean | undefined {
  return fromAgePattern.test(value) && Number(value) > 0 ? true : undefined
}
