import { RawClient } from '../edge/http/testing/raw-client.ts'
import { type Answer, readAnswers } from './answers.ts'
import { type Outcome, type RequestCase, refusals } from './request-case.ts'
import type { Target } from './target.ts'

// Tries one case of requests on one target and tells what was not as it must be.

/** Longer than any bound that a case meets: what has not come by then does not come. */
export const patienceMs = 12_000

/** Every way in which `target` did not do what the case defines; empty when it did. */
export async function runRequestCase(
  target: Target,
  { name, bytes, heads, ...outcomes }: RequestCase,
): Promise<string[]> {
  const path = target.nextPath()
  const outcome = outcomes[target.side]
  const problems: string[] = []
  if (target.warm) problems.push(...(await askWell(target, path, 'before the case')))
  const before = sumOf(await target.view.counts())
  const upstreamBefore = target.upstream?.requestsFor(path).length
  problems.push(...(await tryBytes(target, path, fillIn(bytes, target, path), outcome, heads)))
  if (sumOf(await target.view.counts()) <= before) problems.push('no counter moved')
  const isRefused = outcome.answers.flat().every(status => refusals.includes(status))
  if (isRefused && target.upstream?.requestsFor(path).length !== upstreamBefore) {
    problems.push('a request that is refused was sent upstream')
  }
  if ((target.upstream?.requestsFor('/hidden').length ?? 0) > 0) problems.push('a hidden request was sent upstream')
  problems.push(...(await askWell(target, path, 'on a new connection')))
  problems.push(...(await nothingWaits(target)))
  return problems.map(problem => `${target.name}: ${name}: ${problem}`)
}

const fillIn = (bytes: string, target: Target, path: string): string =>
  bytes.replaceAll(/\{(path|empty|missing|large)\}/g, (_, place: 'path' | keyof Target['places']) =>
    place === 'path' ? path : target.places[place],
  )

/** All counts that move when a listener has had something to do. */
export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.entries(counts)
    .filter(([name]) => /^(?:requests|refused\..*|closed\..*|publishes\.reason\..*)$/.test(name))
    .reduce((sum, [, count]) => sum + count, 0)

/** Sends `bytes` and tells how what came back differs from `outcome`. */
export async function tryBytes(
  target: Target,
  path: string,
  bytes: string,
  outcome: Outcome,
  heads: readonly number[] = [],
): Promise<string[]> {
  const client = await RawClient.connect(target.url)
  client.send(bytes)
  try {
    if (outcome.after === 'closed') return complaints(await ended(client, heads), outcome)
    const count = outcome.answers.length
    await inTime(client.until(received => readAnswers(received, heads).answers.length >= count))
    const good = target.good(path)
    client.send(good.text('close'))
    const { answers, rest } = await ended(client, heads)
    const complaint = good.complaint(answers[count])
    return [
      ...complaints({ answers: answers.slice(0, count), rest }, outcome),
      ...(complaint === undefined ? [] : [`the good request on the same connection: ${complaint}`]),
      ...(answers.length > count + 1 ? [`${answers.length} answers to ${count + 1} requests`] : []),
    ]
  } catch (error) {
    return [(error as Error).message.slice(0, 400)]
  } finally {
    client.socket.destroy()
  }
}

function complaints({ answers, rest }: { answers: readonly Answer[]; rest: string }, outcome: Outcome): string[] {
  const statuses = answers.map(({ status }) => status)
  const fits = outcome.answers.every((wanted, i) => {
    const status = statuses[i]
    return status !== undefined && [wanted].flat().includes(status)
  })
  return [
    ...(fits && statuses.length <= outcome.answers.length
      ? []
      : [`answered ${JSON.stringify(statuses)} where ${JSON.stringify(outcome.answers)} is defined`]),
    ...(rest === '' ? [] : [`closed within an answer: ${JSON.stringify(rest.slice(0, 80))}`]),
  ]
}

/** All answers, when the server has closed the connection. */
const ended = async (client: RawClient, heads: readonly number[]) => readAnswers(await inTime(client.end()), heads)

/** A good request on a connection of its own, and what is wrong with its answer. */
export async function askWell(target: Target, path: string, when: string): Promise<string[]> {
  const good = target.good(path)
  const client = await RawClient.connect(target.url)
  client.send(good.text('close'))
  const { answers, rest } = await ended(client, [])
  const complaint = rest === '' && answers.length === 1 ? good.complaint(answers[0]) : 'not one whole answer'
  return complaint === undefined ? [] : [`the good request ${when}: ${complaint}`]
}

/** Waits until nothing waits or is under way on `target`; tells when that does not come about. */
export async function nothingWaits(target: Target): Promise<string[]> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const pending = await target.view.pending()
    if (pending === 0) return []
    if (performance.now() > untilMs) return [`${pending} requests still wait`]
    await new Promise(setImmediate)
  }
}

/** `promise`, or a rejection when it takes too long. */
export async function inTime<Value>(promise: Promise<Value>, withinMs = patienceMs): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`nothing came within ${withinMs} ms`)), withinMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
