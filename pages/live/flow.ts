import type { Flow } from './update.ts'

// What edges did, from two looks at their counts.

export type Counts = Readonly<Record<string, number>>
export const emptyFlow: Flow = { asked: 0, hits: 0, negative: 0, collapsed: 0, fills: 0, refused: 0 }

/** How much a count has grown; what is smaller than before began anew. */
export const grown = (before: number | undefined, count: number): number =>
  before === undefined || count < before ? (before === undefined ? 0 : count) : count - before

/** How much each count has grown; of a process that is seen for the first time, all of it. */
export const since = (before: Counts | undefined, counts: Counts): Counts =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, grown(before?.[name] ?? 0, count)]))

/** What edges did with players' requests for segments, by the reason of the verdict at arrival. */
export function flowOf(change: Counts): Flow {
  const flow = { ...emptyFlow }
  for (const [name, count] of Object.entries(change)) {
    if (!name.startsWith('requests.reason.')) continue
    const reason = name.slice('requests.reason.'.length)
    flow.asked += count
    if (reason === 'negative-hit') flow.negative += count
    else if (reason.startsWith('refused-')) flow.refused += count
    else if (reason === 'collapsed' || reason === 'lock-poll') flow.collapsed += count
    else if (reason.startsWith('fill-') || reason.startsWith('pass-') || reason === 'lock-timeout') flow.fills += count
    else flow.hits += count
  }
  return flow
}
