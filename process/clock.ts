import type { EpochMs } from '../live/units.ts'

// The one clock that the processes of a run share: the machine's monotonic clock, plus one offset that the lab hands
// out, so that instants can be compared across processes and never jump (design, "Numbers that are honest").

const variable = 'TIDEGATE_CLOCK_OFFSET_MS'
const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
const looks = 32

/**
 * How far `clock` is ahead of `other`, both in ms. They cannot be read at once, and a process that starts on a busy
 * machine may stand still between the two for many milliseconds: of several looks, the one counts that took the least.
 */
export function aheadOf(clock: () => number, other: () => number): number {
  let closest = { tookMs: Infinity, aheadMs: 0 }
  for (let i = 0; i < looks; i++) {
    const before = other()
    const at = clock()
    const tookMs = other() - before
    if (tookMs < closest.tookMs) closest = { tookMs, aheadMs: at - before - tookMs / 2 }
  }
  return closest.aheadMs
}

// performance.now() counts on the same monotonic clock, from the process's start on.
const startMs = aheadOf(monotonicMs, () => performance.now())

/** The offset that this process uses: the lab's where it was handed one, else measured now. */
const clockOffsetMs: number = process.env[variable] ? Number(process.env[variable]) : performance.timeOrigin - startMs

/** What a parent puts into its children's environment, so that they share its clock. */
export const clockEnvironment = (): Record<string, string> => ({ [variable]: String(clockOffsetMs) })

// It is cheaper than a bigint at every call.
const anchorMs = startMs + clockOffsetMs

/** Now, in epoch milliseconds with fractions. */
export const now = (): EpochMs => anchorMs + performance.now()
