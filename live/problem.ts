import type { Reason } from './reasons.ts'
import type { Ms } from './units.ts'

// Problem details (RFC 9457) for everything that is not a body: the reason from the closed list and, where there is
// one, in how many milliseconds to ask again (relative, because clocks differ).

export const problemContentType = 'application/problem+json'

export interface Problem {
  readonly status: number
  readonly reason: Reason
  readonly detail: string
  readonly askAgainInMs?: Ms | undefined
}

/** The JSON text of a problem. `type` is `about:blank`: the reason says more than a link would. */
export const formatProblem = (problem: Problem): string =>
  JSON.stringify({
    type: 'about:blank',
    status: problem.status,
    title: problem.reason,
    detail: problem.detail,
    reason: problem.reason,
    ...(problem.askAgainInMs === undefined ? {} : { 'ask-again-in-ms': Math.max(0, Math.ceil(problem.askAgainInMs)) }),
  })
