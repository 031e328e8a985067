import Table from 'cli-table3'
import { formatInstant } from '../../live/instant.ts'
import { edgeReasons, originReasons } from '../../live/reasons.ts'
import type { Step } from '../explain/follow.ts'
import type { Summary } from '../explain/over-ideal.ts'

// Explanations for a terminal.

const plain = { style: { head: [], border: [], compact: true } }

const meanings: Readonly<Record<string, string>> = {
  ...originReasons,
  ...edgeReasons,
  unknown: "the edge's log does not have it",
}

export interface SummaryOptions {
  /** At most this many requests are listed. */
  readonly rows: number
  readonly incomplete: readonly string[]
}

/** Each request over the ideal, the summary by reason first. */
export function renderSummary(policy: string, summary: Summary, { rows, incomplete }: SummaryOptions): string {
  const { segmentRequests, ideal, over, byReason } = summary
  const lines = [
    `${policy}: ${segmentRequests} segment requests reached the origin; ${ideal} were the one fill of the ideal, ${over.length} were over it.`,
    ...incompleteLines(incomplete),
  ]
  if (over.length === 0) return `${lines.join('\n')}\n`
  const reasons = new Table({ head: ['requests', 'reason', 'meaning'], colAligns: ['right'], ...plain })
  for (const { reason, requests } of byReason) reasons.push([requests, reason, meanings[reason] ?? ''])
  const list = new Table({
    head: ['when', 'segment', 'site', 'edge', 'reason at the edge', 'origin', 'request'],
    ...plain,
  })
  for (const one of over.slice(0, rows)) {
    const segment = `${one.rendition}/${one.number}`
    const origin = `${one.status ?? '–'} ${one.originReason}`
    list.push([timeOfDay(one.atMs), segment, one.site, one.edge, one.reason, origin, one.id])
  }
  const left = over.length - rows
  return `${[
    ...lines,
    '',
    reasons.toString(),
    '',
    list.toString(),
    ...(left > 0 ? [`and ${left} more; --rows ${over.length} lists all.`] : []),
    '',
    'tidegate explain RECORD --request ID follows one of them.',
  ].join('\n')}\n`
}

/** A request's way as a timeline, in milliseconds from its first step. */
export function renderTimeline(id: string, steps: readonly Step[], incomplete: readonly string[]): string {
  const [first] = steps
  const startMs = first?.atMs ?? 0
  const widest = Math.max(...steps.map(step => step.where.length))
  const lines = steps.map(
    ({ atMs, where, what }) => `${(atMs - startMs).toFixed(2).padStart(10)} ms  ${where.padEnd(widest)}  ${what}`,
  )
  return `${[`${id}, from ${formatInstant(startMs)}:`, ...lines, ...incompleteLines(incomplete)].join('\n')}\n`
}

const incompleteLines = (incomplete: readonly string[]): string[] =>
  incomplete.length === 0
    ? []
    : [`The log of ${incomplete.join(', ')} is cut or sampled: what it leaves out is missing here.`]

/** `18:00:00.000`, UTC. */
const timeOfDay = (atMs: number): string => formatInstant(atMs).slice(11, -1)
