import { parseDictionary } from 'structured-headers'
import type { EpochMs, Ms } from './units.ts'

// Millisecond lifetimes on the wire. `Cache-Control` counts whole seconds (RFC 9111, 5.2.2.1), too coarse for 2 s
// segments; so the true lifetime travels in `CDN-Cache-Control` (RFC 9213), a structured dictionary, as `max-age-ms`.

/** The header values that state a lifetime of `ttlMs`; whole seconds are rounded down. */
export function lifetimeHeaders(ttlMs: Ms): { 'cache-control': string; 'cdn-cache-control': string } {
  const whole = Math.max(0, Math.floor(ttlMs as number))
  const seconds = Math.floor(whole / 1_000)
  return {
    'cache-control': `max-age=${seconds}`,
    'cdn-cache-control': `max-age=${seconds}, max-age-ms=${whole}`,
  }
}

/** What players get on negative answers: they must ask again when they mean to. */
export const noStore = 'no-store'

/**
 * The lifetime that `CDN-Cache-Control` states, in ms: `max-age-ms` where it is present, else `max-age`; 0 with
 * `no-store`, `no-cache` or `private`; undefined when the field is absent, no dictionary, or states no lifetime.
 */
export function cdnLifetimeMs(field: string | undefined): Ms | undefined {
  if (field === undefined) return undefined
  let directives: Map<string, [unknown, unknown]>
  try {
    directives = parseDictionary(field) as Map<string, [unknown, unknown]>
  } catch {
    return undefined // RFC 9213, 2.1: a field that does not parse is ignored
  }
  if (directives.has('no-store') || directives.has('no-cache') || directives.has('private')) return 0
  const exact = directives.get('max-age-ms')?.[0]
  if (typeof exact === 'number' && Number.isInteger(exact) && exact >= 0) return exact
  const seconds = directives.get('max-age')?.[0]
  return typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 ? seconds * 1_000 : undefined
}

/** Whole seconds that `Age` states for an object that arrived at `arrivedMs` with `initialAgeMs`. */
export const ageSeconds = (arrivedMs: EpochMs, initialAgeMs: Ms, now: EpochMs): number =>
  Math.max(0, Math.floor(((now as number) - (arrivedMs as number) + (initialAgeMs as number)) / 1_000))
