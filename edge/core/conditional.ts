import { parseHttpDate } from './http-date.ts'

// Conditional requests (RFC 9110, 13): whether what the asker has is still current, so that 304 without a body is enough.

/** The preconditions of a request that a cache evaluates itself. */
export interface Conditions {
  readonly ifNoneMatch?: string | undefined
  readonly ifModifiedSince?: string | undefined
}

/** What they are compared with. */
export interface Validators {
  readonly status: number
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

/** Whether 304 is the answer. Only a 200 has a representation to compare with (RFC 9110, 13.2.1). */
export function isNotModified({ ifNoneMatch, ifModifiedSince }: Conditions, validators: Validators): boolean {
  if (validators.status !== 200) return false
  // RFC 9110, 13.1.3: If-Modified-Since is ignored where If-None-Match is present.
  if (ifNoneMatch !== undefined) return matchesAny(ifNoneMatch, validators.etag)
  const since = parseHttpDate(ifModifiedSince)
  const modified = parseHttpDate(validators.lastModified)
  return since !== undefined && modified !== undefined && modified <= since
}

const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g

/** Weak comparison (RFC 9110, 8.8.3.2) with each member of the list; `*` matches whatever there is. */
function matchesAny(field: string, etag: string | undefined): boolean {
  if (field.trim() === '*') return true
  if (etag === undefined) return false
  const opaque = etag.replace(/^W\//, '')
  return (field.match(entityTag) ?? []).some(member => member.replace(/^W\//, '') === opaque)
}

/** Whether `etag` is a strong validator: only such a one can hold two parts of a body together. */
export const isStrongEtag = (etag: string | undefined): etag is string => etag?.startsWith('"') === true
