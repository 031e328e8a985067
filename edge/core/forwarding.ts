import type { EpochMs } from '../../live/units.ts'
import { takeAnswer } from './answers.ts'
import type { Context, Out } from './fills.ts'
import { outdatedPaths } from './methods.ts'
import type { Fill } from './state.ts'
import type { UpstreamHead } from './verdict.ts'

// Requests that go through: the answer is for its asker alone, and what it makes out of date is dropped.

/** The answer to a request of a method that is not answered out of storage. */
export function takeForwarded(context: Context, fill: Fill, head: UpstreamHead, now: EpochMs, out: Out): void {
  const outdated = context.policy.invalidateOnUnsafe ? outdatedPaths(fill.question, head) : []
  for (const path of outdated) invalidate(context, path, out)
  takeAnswer(context, fill, head, now, out)
}

/**
 * Nothing that is stored or on its way for `path` is given to later askers (RFC 9111, 4.4). Live objects have keys of
 * their own, which no path is: only their event's version and rules invalidate them.
 */
function invalidate({ store, fills }: Context, path: string, out: Out): void {
  for (const fill of fills.all()) {
    if (fill.target.key === path) fills.outdate(fill)
  }
  out.effects.push(...store.invalidate(path))
}
