import { unitFraction } from '../../live/random.ts'
import type { Ms } from '../../live/units.ts'

// When a packager puts the same object again.

/** How a PUT ended: the origin's status, or what broke. */
export type PutOutcome = { readonly status: number } | { readonly failure: 'refused' | 'reset' | 'timeout' }

const firstBackoffMs = 50
/** Once the backoff has grown, retries come four times in a segment's length: an outage is felt, no herd is made. */
const retriesASegment = 4

/** Whether the same PUT may succeed later: RFC 9110, 15.5.9 and 15.6; RFC 6585, 4. Other answers are final. */
export const mayPass = (status: number): boolean => status >= 500 || status === 408 || status === 429

/**
 * The pause behind the failed `attempt` (1 for the first): none, then 50 ms doubled each time up to a quarter of a
 * segment, jittered down to its half, so that the renditions of an outage do not come back as one.
 * @param name what the jitter depends on, beside `seed`
 */
export function backoffMs(attempt: number, segmentMs: Ms, seed: number, name: string): Ms {
  if (attempt === 1) return 0
  const fullMs = Math.min(firstBackoffMs * 2 ** (attempt - 2), (segmentMs as number) / retriesASegment)
  return fullMs * (0.5 + 0.5 * unitFraction(seed, `retry/${name}`))
}
