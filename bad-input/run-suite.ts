import { connectionCases } from './connection-cases.ts'
import type { Grounds } from './grounds.ts'
import type { HostileUpstream } from './hostile-upstream.ts'
import { publisherCases } from './publisher-cases.ts'
import { requestCases } from './request-cases.ts'
import { runConnectionCase } from './run-connection-case.ts'
import { runPublisherCase } from './run-publisher-case.ts'
import { runRequestCase } from './run-request-case.ts'
import { runUpstreamCase } from './run-upstream-case.ts'
import type { Target } from './target.ts'
import { upstreamCases } from './upstream-cases.ts'

// The whole suite once, outside of a test runner: what a benchmark does for minutes.

/** Every way in which something was not as it must be; empty when all was. */
export async function runSuite(grounds: Grounds): Promise<string[]> {
  const { upstream, targets } = grounds
  const cold = targets.filter(({ warm }) => !warm)
  for (const edge of cold.filter(isEdge)) await edge.view.post('/flush')
  upstream.forget()
  const problems: string[] = []
  for (const requestCase of requestCases) {
    for (const target of targets) problems.push(...(await runRequestCase(target, requestCase)))
  }
  for (const publisherCase of publisherCases) problems.push(...(await runPublisherCase(grounds, publisherCase)))
  // At once, because many of these take as long as the bound that they meet.
  const slow = await Promise.all([
    ...cold.flatMap(target => connectionCases.map(connectionCase => runConnectionCase(target, connectionCase))),
    ...cold.filter(isEdge).flatMap(edge => upstreamCases.map(upstreamCase => runUpstreamCase(edge, upstreamCase))),
  ])
  return [...problems, ...slow.flat()]
}

const isEdge = (target: Target): target is Target & { readonly upstream: HostileUpstream } =>
  target.upstream !== undefined
