import { hitReasons } from '../../edge/core/response-head.ts'
import type { ShortAnswer } from '../../edge/core/verdict.ts'
import { formatProblem } from '../../live/problem.ts'
import { type EdgeReason, edgeReasons } from '../../live/reasons.ts'
import { said } from './exchange.ts'

// What an edge's answer says of itself, as far as it counts in virtual time.

/** How `Cache-Status` tells a player of it (RFC 9211). */
export const saidFor = (reason: EdgeReason, collapsed: boolean): number =>
  hitReasons.has(reason) ? said.hit : collapsed || reason === 'collapsed' ? said.collapsed : said.forwarded

/** The length of a short answer's body, problem details. */
export const shortBytes = ({ status, reason, askAgainInMs }: ShortAnswer): number =>
  formatProblem({ status, reason, detail: edgeReasons[reason], askAgainInMs }).length
