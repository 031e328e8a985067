import { parseDictionary } from 'structured-headers'

// The directives of `Cache-Control` (RFC 9111, 5.2), and `CDN-Cache-Control` before it (RFC 9213).

/** Names in lower case; a directive without a value has ''. The first of several counts (RFC 9111, 4.2.1). */
export type Directives = ReadonlyMap<string, string>

const directive = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?/g

export function parseCacheControl(field: string | undefined): Directives {
  const directives = new Map<string, string>()
  for (const [, name, quoted, token] of (field ?? '').matchAll(directive)) {
    const key = (name as string).toLowerCase()
    if (!directives.has(key)) directives.set(key, quoted ?? token ?? '')
  }
  return directives
}

/**
 * The directives as a field again, for readers who know no quoted strings: a value that would need one is left out, so
 * that nobody takes what stands inside it for a directive (RFC 9111, 5.2).
 */
export const formatDirectives = (directives: Directives): string =>
  [...directives].map(([name, value]) => (/^[^\s,;="]+$/.test(value) ? `${name}=${value}` : name)).join(', ')

/**
 * The directives of `CDN-Cache-Control`, a structured dictionary; undefined when it is absent or does not parse, so
 * that `Cache-Control` counts (RFC 9213, 2.1). A member that is `?0` is as good as absent.
 */
export function parseTargeted(field: string | undefined): Directives | undefined {
  if (field === undefined) return undefined
  try {
    const members = [...(parseDictionary(field) as Map<string, [unknown, unknown]>)]
    const stated = members.filter(([, [value]]) => value !== false)
    return stated.length === 0
      ? undefined
      : new Map(stated.map(([name, [value]]): [string, string] => [name, value === true ? '' : String(value)]))
  } catch {
    return undefined
  }
}

/** A directive's seconds; undefined when it is absent or no number (RFC 9111, 1.2.2: a very large one counts as 2^31). */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name)
  return value !== undefined && /^[0-9]+$/.test(value) ? Math.min(Number(value), 2 ** 31) : undefined
}
