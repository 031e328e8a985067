import { limits } from '../../../live/limits.ts'
import type { TierConfig } from './tier-effect.ts'

/** The bounds of a cache tier of memcached servers, as every origin has them. */
export const tierBounds: Omit<TierConfig, 'servers'> = {
  readMs: limits.memcachedReadMs,
  writeMs: limits.memcachedWriteMs,
  failures: limits.memcachedFailures,
  restMs: limits.memcachedRestMs,
  longestRestMs: limits.memcachedLongestRestMs,
  writingBytes: limits.memcachedWritingBytes,
  bodies: limits.tierBodies,
  readers: limits.tierReaders,
}
