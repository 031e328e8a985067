import type { DecisionLog } from '../../process/decision-log.ts'
import type { Exchange, Result } from './exchange.ts'

/** Writes how one request ended into the decision log; `explain` follows a request by it, and a replay sends it again. */
export function noteResponse(log: DecisionLog, exchange: Exchange, result: Result): void {
  const { ask, sentMs, firstByteMs, lastByteMs, bodyBytes, status, cacheStatus, wrong } = exchange
  log.write({
    note: 'response',
    id: ask.id,
    path: ask.path,
    target: ask.target,
    plannedMs: ask.plannedMs,
    sentMs,
    firstByteMs,
    lastByteMs,
    bytes: bodyBytes,
    status,
    ...(typeof result === 'string' ? { failed: result } : {}),
    ...(wrong === undefined ? {} : { wrong }),
    cacheStatus,
  })
}
