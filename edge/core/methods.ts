import type { Question, UpstreamHead } from './verdict.ts'

// What a method means to a cache (RFC 9110, 9; RFC 9111, 4.4). GET and HEAD are answered out of storage; everything else
// goes through, and what is not known to be safe makes stored answers out of date when it succeeds.

/** Whether answers to `method` may be stored and given again here. */
export const isCacheable = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** Methods that promise to change nothing (RFC 9110, 9.2.1, and IANA's registry). Of an unknown one nothing is known. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH'])

/**
 * The paths of which stored answers are out of date once `head` has come to `question` (RFC 9111, 4.4): its own, and
 * those of the same host that `Location` and `Content-Location` name. `host` is the asker's `Host`.
 */
export function outdatedPaths({ method, path, host }: Question, { status, headers }: UpstreamHead): string[] {
  if (safeMethods.has(method) || status >= 400) return []
  const named = [headers.location, headers['content-location']].flatMap(field => pathOnSameHost(field, path, host))
  return [...new Set([path, ...named])]
}

/**
 * The path that a reference names, in a list; an empty list when it is another host's, which this answer may say nothing
 * about. The scheme is not compared: what terminates TLS before an edge changes it.
 */
function pathOnSameHost(reference: string | undefined, path: string, host = 'same.invalid'): string[] {
  const base = `http://${host}${path}`
  if (reference === undefined || !URL.canParse(reference, base)) return []
  const named = new URL(reference, base)
  return named.host === new URL(base).host ? [`${named.pathname}${named.search}`] : []
}
