import { type BareItem, type Item, parseList, serializeList, Token } from 'structured-headers'
import type { Ms } from './units.ts'

// `Cache-Status` (RFC 9211) with the extensions `ttl-ms` and `detail` = the reason from the closed list.

export interface CacheStatus {
  /** The cache's name. */
  readonly cache: string
  readonly hit: boolean
  /** Why the request went forward: RFC 9211, 2.2. */
  readonly fwd?: 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale' | 'partial' | undefined
  readonly fwdStatus?: number | undefined
  readonly collapsed?: boolean | undefined
  readonly stored?: boolean | undefined
  /** What is left of the lifetime, ms; negative when stale. */
  readonly ttlMs?: Ms | undefined
  readonly detail?: string | undefined
}

/** One member of the field's list; a cache appends its own behind those of the caches nearer the origin. */
export function formatCacheStatus(status: CacheStatus): string {
  const parameters = new Map<string, BareItem>()
  if (status.hit) parameters.set('hit', true)
  if (status.fwd) parameters.set('fwd', new Token(status.fwd))
  if (status.fwdStatus !== undefined) parameters.set('fwd-status', status.fwdStatus)
  if (status.ttlMs !== undefined && Number.isFinite(status.ttlMs)) {
    parameters.set('ttl', Math.floor((status.ttlMs as number) / 1_000))
    parameters.set('ttl-ms', Math.floor(status.ttlMs as number))
  }
  if (status.stored) parameters.set('stored', true)
  if (status.collapsed) parameters.set('collapsed', true)
  if (status.detail) parameters.set('detail', new Token(status.detail))
  return serializeList([[new Token(status.cache), parameters]])
}

/** Reads the field: nearest to the origin first. [] when it is absent or malformed. */
export function parseCacheStatus(field: string | undefined): CacheStatus[] {
  if (field === undefined) return []
  try {
    return (parseList(field) as Item[]).map(([cache, p]) => ({
      cache: String(cache),
      hit: p.get('hit') === true,
      fwd: p.get('fwd')?.toString() as CacheStatus['fwd'],
      fwdStatus: p.get('fwd-status') as number | undefined,
      collapsed: p.get('collapsed') === true,
      stored: p.get('stored') === true,
      ttlMs: (p.get('ttl-ms') as number | undefined) ?? ((p.get('ttl') as number | undefined) ?? NaN) * 1_000,
      detail: p.get('detail')?.toString(),
    }))
  } catch {
    return []
  }
}
