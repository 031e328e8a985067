import { setTimeout as pause } from 'node:timers/promises'
import { errors, types } from 'cassandra-driver'
import { StoreError } from '../segment-store.ts'

// Tries again until the budget is used up: everything that the store sends may be sent twice. What the nodes refuse for
// what it is (a table that is not there, a password) is not tried again.

/** Between two attempts, growing and jittered: a node that restarts has its connections refused for a second or two. */
const firstPauseMs = 15
const longestPauseMs = 250
/** How long we wait for the driver's own words about what took too long. */
const driverIsLateMs = 50

const notRetried: ReadonlySet<number> = new Set([
  types.responseErrorCodes.badCredentials,
  types.responseErrorCodes.protocolError,
  types.responseErrorCodes.syntaxError,
  types.responseErrorCodes.unauthorized,
  types.responseErrorCodes.invalid,
  types.responseErrorCodes.configError,
])

export interface Budgeted {
  /** For messages: `cup/v1/7/a`. */
  readonly what: string
  /** On the clock of `performance.now()`. */
  readonly deadline: number
  /** Called before each attempt but the first. */
  readonly onRetry: () => void
}

/** Throws StoreError: what an attempt threw as such, or `unavailable` with the last reason when the deadline has come. */
export async function withinBudget<Result>(
  { what, deadline, onRetry }: Budgeted,
  attempt: (leftMs: number) => Promise<Result>,
): Promise<Result> {
  const startedMs = performance.now()
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      return await endedBy(deadline, attempt)
    } catch (error) {
      if (error instanceof StoreError || !isOfCassandra(error)) throw error
      if (error instanceof errors.ResponseError && notRetried.has(error.code)) {
        throw new StoreError('unavailable', `${what}: Cassandra refuses it: ${error.message}`, { cause: error })
      }
      const waitMs = pauseMs * (0.5 + Math.random())
      if (performance.now() + waitMs >= deadline) {
        const tookMs = Math.round(performance.now() - startedMs)
        throw new StoreError('unavailable', `${what}: Cassandra did not do it within ${tookMs} ms: ${reason(error)}`, {
          cause: error,
        })
      }
      await pause(waitMs)
      onRetry()
    }
  }
}

/** The driver bounds a request, but not what comes before it: preparing its statement, opening a connection. */
async function endedBy<Result>(deadline: number, attempt: (leftMs: number) => Promise<Result>): Promise<Result> {
  const leftMs = Math.max(1, deadline - performance.now())
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    const error = new errors.OperationTimedOutError('no answer in time')
    timer = setTimeout(() => fail(error), leftMs + driverIsLateMs)
  })
  try {
    return await Promise.race([attempt(leftMs), late])
  } finally {
    clearTimeout(timer)
  }
}

/** The driver's errors, and those of sockets under it; anything else is a mistake of ours and must be seen as one. */
const isOfCassandra = (error: unknown): error is Error =>
  error instanceof errors.DriverError ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_'))

/** What happened, in words: where no node could be asked, what each of them said. */
export function reason(error: Error): string {
  if (!(error instanceof errors.NoHostAvailableError)) return error.message
  const said = Object.entries(error.innerErrors as Record<string, Error | string>)
  if (said.length === 0) return 'no node is up'
  return said
    .map(([host, why]) => `${host}: ${typeof why === 'string' ? why : (why?.message ?? 'asked without an answer')}`)
    .join('; ')
}
