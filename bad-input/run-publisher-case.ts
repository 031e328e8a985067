import { RawClient } from '../edge/http/testing/raw-client.ts'
import { readAnswers } from './answers.ts'
import type { Grounds } from './grounds.ts'
import type { PublisherCase } from './publisher-cases.ts'
import { askWell, inTime, sumOf, tryBytes } from './run-request-case.ts'
import { goodGet, stored } from './target.ts'

// Plays one packager against the publish side of an origin and tells what was not as it must be.

let numbers = stored.next

/** Every way in which the origin did not do what the case defines; empty when it did. */
export async function runPublisherCase(grounds: Grounds, publisherCase: PublisherCase): Promise<string[]> {
  const { publish, delivery, publishToken } = grounds
  const { name, bytes, outcome, leaves, stored: body } = publisherCase
  const [fresh, next, known] = [numbers, numbers + 1, stored.known]
  numbers += 2
  const problems = await put(grounds, known, 'known')
  const places = { new: fresh, next, known: pathOf(known), token: publishToken }
  const sent = bytes.replaceAll(/\{(new|next|known|token)\}/g, (_, place: keyof typeof places) => String(places[place]))
  const before = sumOf(await publish.view.counts())
  if (leaves) problems.push(...(await sendAndLeave(grounds, sent, leaves, before)))
  else problems.push(...(await tryBytes(publish, publish.nextPath(), sent, outcome)))
  if (sumOf(await publish.view.counts()) <= before) problems.push('no counter moved')
  // What was not accepted was not stored: another body is welcome, and players get that one and no other.
  if (body === undefined) problems.push(...(await put(grounds, fresh, 'good')))
  const player = { ...delivery, good: (path: string) => goodGet(path, body ?? 'good') }
  problems.push(...(await askWell(player, `/live/bad/v1/${fresh}.m4s`, 'of a player')))
  problems.push(...(await askWell(publish, publish.nextPath(), 'of a packager')))
  return problems.map(problem => `${publish.name}: ${name}: ${problem}`)
}

const pathOf = (number: number): string => `/ingest/a/bad/v1/${number}.m4s`

async function put({ publish, publishToken }: Grounds, number: number, body: string): Promise<string[]> {
  const client = await RawClient.connect(publish.url)
  const fields = `Host: origin\r\nAuthorization: Bearer ${publishToken}\r\nContent-Length: ${body.length}\r\nConnection: close`
  client.send(`PUT ${pathOf(number)} HTTP/1.1\r\n${fields}\r\n\r\n${body}`)
  const status = readAnswers(await inTime(client.end())).answers[0]?.status ?? 0
  return [200, 201].includes(status) ? [] : [`a good PUT of ${number} was answered ${status}`]
}

/** Sends, goes, and waits until the origin has noticed: a torn request is counted and leaves nothing behind. */
async function sendAndLeave(
  { publish }: Grounds,
  bytes: string,
  leaves: 'ends' | 'resets',
  before: number,
): Promise<string[]> {
  const client = await RawClient.connect(publish.url)
  client.send(bytes)
  if (leaves === 'ends') {
    client.socket.end()
    await inTime(client.end())
    return []
  }
  // The reset must not overtake the bytes: they have arrived when the origin has counted the connection's request, or
  // when it had the time of another request for it.
  await askWell(publish, publish.nextPath(), 'meanwhile')
  client.socket.resetAndDestroy()
  const untilMs = performance.now() + 2_000
  while (sumOf(await publish.view.counts()) <= before + 1 && performance.now() < untilMs)
    await new Promise(setImmediate)
  return []
}
