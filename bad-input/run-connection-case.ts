import type { ConnectionCase } from './connection-cases.ts'
import { askWell, nothingWaits } from './run-request-case.ts'
import type { Target } from './target.ts'

// Tries one case of connections on one target and tells what was not as it must be.

const fits = ({ only }: ConnectionCase, { side, upstream }: Target): boolean =>
  only === undefined || only === side || (only === 'edge' && upstream !== undefined)

/** Every way in which `target` did not bear the case; empty where it does not apply. */
export async function runConnectionCase(target: Target, connectionCase: ConnectionCase): Promise<string[]> {
  if (!fits(connectionCase, target)) return []
  const { name, counts } = connectionCase
  const path = target.nextPath()
  const countOf = async () => (counts === undefined ? 0 : ((await target.view.counts())[counts] ?? 0))
  const before = await countOf()
  const problems = await connectionCase.run(target, path)
  if (counts !== undefined && (await countOf()) <= before) problems.push(`the count ${counts} did not move`)
  problems.push(...(await askWell(target, target.nextPath(), 'on a new connection')), ...(await nothingWaits(target)))
  return problems.map(problem => `${target.name}: ${name}: ${problem}`)
}
