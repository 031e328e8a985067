import type { Ms } from '../../live/units.ts'

// How often an origin looks for what another region has announced and its own store does not hold yet: at once, soon,
// and ever less often.

const firstPauseMs = 5
const longestPauseMs = 250

/** The pause behind the failed look `attempt`, 1 for the first. */
export const replicationPauseMs = (attempt: number): Ms => Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs)
