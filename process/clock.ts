import type { EpochMs } from '../live/units.ts'

// The one clock that the processes of a run share: the machine's monotonic clock, plus one offset that the lab hands
// out, so that instants can be compared across processes and never jump (design, "Numbers that are honest").

const variable = 'TIDEGATE_CLOCK_OFFSET_MS'
const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** The offset that this process uses: the lab's where it was handed one, else measured now. */
const clockOffsetMs: number = process.env[variable]
  ? Number(process.env[variable])
  : performance.timeOrigin + performance.now() - monotonicMs()

/** What a parent puts into its children's environment, so that they share its clock. */
export const clockEnvironment = (): Record<string, string> => ({ [variable]: String(clockOffsetMs) })

// performance.now() counts on the same monotonic clock and is cheaper than a bigint at every call.
const anchorMs = monotonicMs() - performance.now() + clockOffsetMs

/** Now, in epoch milliseconds with fractions. */
export const now = (): EpochMs => anchorMs + performance.now()
