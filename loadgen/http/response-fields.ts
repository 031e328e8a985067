import { parseDictionary } from 'structured-headers'
import { type CacheStatus, parseCacheStatus } from '../../live/cache-status.ts'
import type { EpochMs } from '../../live/units.ts'

// The structured fields that a fleet reads of an answer. Thousands of answers carry the same value (or the same but for
// its numbers), and the library for structured fields takes its time: what was read once is remembered.

/** Distinct values at a time: a few renditions, a few segments, a few edges. */
const remembered = 512

/** `read` that remembers its results, the oldest forgotten first. */
function once<Value>(read: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>()
  return text => {
    const before = known.get(text)
    if (before !== undefined || known.has(text)) return before as Value
    const value = read(text)
    known.set(text, value)
    if (known.size > remembered) known.delete(known.keys().next().value as string)
    return value
  }
}

const readAvailability = once((field: string): EpochMs | undefined => {
  try {
    const at = parseDictionary(field).get('at')?.[0]
    return typeof at === 'number' ? at : undefined
  } catch {
    return undefined // a field that does not parse says nothing (RFC 9651, 4.2)
  }
})

/** The availability time `at` of `CMSD-Static` (CTA-5006): when the segment was published, epoch ms. */
export const availabilityOf = (field: string | undefined): EpochMs | undefined =>
  field === undefined ? undefined : readAvailability(field)

/** How the cache nearest to the player answered; its numbers (lifetimes) are not kept. */
export type NearestCache = Pick<CacheStatus, 'hit' | 'collapsed' | 'detail'>

// RFC 9211, 2: the first member is the cache nearest to the origin, the last one the nearest to the user.
const readNearest = once((shape: string): NearestCache | undefined => parseCacheStatus(shape).at(-1))

/** The last member of `Cache-Status`; undefined when there is none. */
export const nearestCache = (field: string | undefined): NearestCache | undefined =>
  field === undefined ? undefined : readNearest(field.replace(/=-?[0-9]+/g, '=0'))

/** The one value of a header; the first where a server repeats it. */
export const single = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' || value === undefined ? value : value[0]
