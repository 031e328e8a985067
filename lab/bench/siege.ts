import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { slowReader } from '../../bad-input/connection-cases.ts'
import { askWell } from '../../bad-input/run-request-case.ts'
import type { Target } from '../../bad-input/target.ts'
import { RawClient } from '../../edge/http/testing/raw-client.ts'

// Many bad connections at once, and good requests meanwhile.

/** How many connections of each kind. */
export interface Siege {
  /** Say their head a byte at a time and never end it. */
  readonly slowHeads: number
  /** Ask for a large object and take next to nothing of it. */
  readonly slowReaders: number
  /** Have had an answer and say nothing more. */
  readonly idle: number
}

export interface SiegeOutcome {
  /** From the first slow connection to the close of the last. */
  readonly lastSlowDroppedMs: number
  readonly goodRequests: number
  /** What was wrong with good requests. */
  readonly problems: readonly string[]
}

/** Beyond this the server does not drop them: reported as it is. */
const givesUpMs = 60_000
const everyMs = 500
const goodEveryMs = 20

/** Besets `target` and resolves when it has dropped every slow connection. */
export async function beset(target: Target, siege: Siege): Promise<SiegeOutcome> {
  const droppedBefore = await droppedReaders(target)
  const idle = await Promise.all(Array.from({ length: siege.idle }, () => idleClient(target)))
  const good = goodRequests(target)
  const fromMs = performance.now()
  const heads = Promise.all(Array.from({ length: siege.slowHeads }, () => slowHead(target)))
  const readers = Array.from({ length: siege.slowReaders }, () => slowReader(target.url, target.places.large))
  const sips = setInterval(() => {
    for (const reader of readers) reader.resume()
  }, everyMs)
  try {
    const readersDropped = async () => {
      while ((await droppedReaders(target)) - droppedBefore < siege.slowReaders) {
        if (performance.now() - fromMs > givesUpMs) throw new Error(`${target.name} does not drop slow readers`)
        await sleep(50)
      }
    }
    await Promise.all([heads, readersDropped()])
    return { lastSlowDroppedMs: performance.now() - fromMs, ...(await good.stop()) }
  } finally {
    clearInterval(sips)
    await good.stop()
    for (const socket of [...readers, ...idle.map(client => client.socket)]) socket.destroy()
  }
}

/** Counted by the server: the client could read for long what the kernel already holds. */
const droppedReaders = async (target: Target): Promise<number> =>
  (await target.view.counts())['closed.slow_reader'] ?? 0

async function idleClient(target: Target): Promise<RawClient> {
  const client = await RawClient.connect(target.url)
  client.send(target.good(target.nextPath()).text('keep-alive'))
  await client.until('\r\n\r\n')
  return client
}

/** Resolves when the server has closed it. */
async function slowHead(target: Target): Promise<void> {
  const { socket } = await RawClient.connect(target.url)
  socket.write('GET /live/bad/v1/1.m4s HTTP/1.1\r\nHost: edge\r\nX: ')
  const drip = setInterval(() => socket.write('x'), everyMs)
  if (!socket.destroyed) await once(socket, 'close')
  clearInterval(drip)
}

/** Good requests, one after the other, until they are stopped. */
function goodRequests(target: Target) {
  let going = true
  const outcome = { goodRequests: 0, problems: [] as string[] }
  const running = (async () => {
    while (going) {
      outcome.goodRequests++
      try {
        outcome.problems.push(...(await askWell(target, target.nextPath(), `on ${target.name}, beset`)))
      } catch (error) {
        outcome.problems.push(`a good request on ${target.name}, beset: ${(error as Error).message}`)
      }
      await sleep(goodEveryMs)
    }
  })()
  return {
    async stop() {
      going = false
      await running
      return outcome
    },
  }
}
