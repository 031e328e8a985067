import type { Directives } from './cache-control.ts'

// Which statuses may be stored (RFC 9111, 3). The library stores only those that it knows; the RFC lets a cache store any
// final answer whose lifetime is stated, because the status then means nothing to the cache.

/** What a cache must do with these is known (RFC 9110, 15); of 206 and 304 nothing is stored as an answer of its own. */
const understood: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501])

/**
 * The directives that count for `status`. `must-understand` (RFC 9111, 5.2.2.3) forbids storing where the status is not
 * understood, and takes back the `no-store` that older caches are given beside it where it is.
 */
export function countedFor(status: number, directives: Directives): Directives {
  if (!directives.has('must-understand')) return directives
  if (!understood.has(status)) return new Map([...directives, ['no-store', '']])
  return new Map([...directives].filter(([name]) => name !== 'no-store'))
}

/** The status under which the library is to judge an answer: one that it stores, where the RFC lets it be stored. */
export function judgedAs(status: number, directives: Directives, expires: string | undefined): number {
  const isFinal = status >= 200 && status !== 206 && status !== 304
  const isStated = expires !== undefined || ['max-age', 's-maxage', 'public'].some(name => directives.has(name))
  return isFinal && isStated && !understood.has(status) ? 200 : status
}
