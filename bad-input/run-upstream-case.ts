import { RawClient } from '../edge/http/testing/raw-client.ts'
import { limits } from '../live/limits.ts'
import { readAnswers } from './answers.ts'
import { bodyOf, type HostileUpstream } from './hostile-upstream.ts'
import { askWell, inTime } from './run-request-case.ts'
import { goodGet, type Target } from './target.ts'
import type { UpstreamCase } from './upstream-cases.ts'

// Lets the upstream play one case against one edge and tells what was not as it must be.

/** The second request for a failed fill may still be silent when the first to ask has its answer; then there is room. */
const recoversWithinMs = limits.originWaitMs + 3_000
let pages = 0

/** Every way in which the edge did not do what the case defines; empty when it did. */
export async function runUpstreamCase(
  edge: Target & { readonly upstream: HostileUpstream },
  { name, of, moves, first, body, kept, withheld }: UpstreamCase,
): Promise<string[]> {
  const { upstream } = edge
  const path = of === 'segment' ? edge.nextPath() : `/page/${++pages}`
  upstream.play(path, moves(path))
  const problems: string[] = []
  const got = await askFirst(edge, path)
  if (!first.includes(got.outcome)) problems.push(`the first got ${got.outcome} where ${first} is defined`)
  if (got.outcome === 200 && got.body !== (body ?? bodyOf(path))) {
    problems.push(`the first got the body ${JSON.stringify(got.body.slice(0, 60))}`)
  }
  if (withheld !== undefined && withheld in got.fields) problems.push(`the field ${withheld} came through`)
  if (kept !== undefined) {
    const before = upstream.requestsFor(path).length
    await askFirst(edge, path)
    const asked = upstream.requestsFor(path).length > before
    if (asked === kept) problems.push(kept ? 'the answer was not kept' : 'the answer was kept')
  }
  problems.push(...(await recovers(edge, path, body)), ...(await askWell(edge, edge.nextPath(), 'for another address')))
  return problems.map(problem => `${edge.name}: the upstream ${name}: ${problem}`)
}

/** What one asker gets for `path`. */
async function askFirst(edge: Target, path: string) {
  const client = await RawClient.connect(edge.url)
  client.send(goodGet(path).text('close'))
  const { answers, rest } = readAnswers(await inTime(client.end()))
  const [answer] = answers
  const whole = answer !== undefined && rest === '' && answers.length === 1
  return { outcome: whole ? answer.status : ('cut' as const), body: answer?.body ?? '', fields: answer?.fields ?? {} }
}

/** The address serves the right body soon, whatever was sent for it before. */
async function recovers(edge: Target, path: string, body: string | undefined): Promise<string[]> {
  const good = { ...edge, good: () => goodGet(path, body) }
  const untilMs = performance.now() + recoversWithinMs
  for (;;) {
    const complaints = await askWell(good, path, 'afterwards')
    if (complaints.length === 0 || performance.now() > untilMs) return complaints
    await new Promise(again => setTimeout(again, 20))
  }
}
