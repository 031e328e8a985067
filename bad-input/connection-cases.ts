import { connect, type Socket } from 'node:net'
import { RawClient } from '../edge/http/testing/raw-client.ts'
import { answerHead } from '../edge/http/testing/scripted-upstream.ts'
import { readAnswers } from './answers.ts'
import { bodyOf, goodFields } from './hostile-upstream.ts'
import { askWell, inTime, patienceMs } from './run-request-case.ts'
import type { Target } from './target.ts'

// What clients do with their connections rather than with the bytes of a request. Each tells what was not as it must be.

export interface ConnectionCase {
  readonly name: string
  /** Where it makes sense; absent: everywhere. */
  readonly only?: 'edge' | 'delivery' | 'publish'
  /** The count that must move. */
  readonly counts?: string
  run(target: Target, path: string): Promise<string[]>
}

/** A client that takes 100 bytes when it is resumed, and nothing else. */
export function slowReader(url: string, path: string): Socket {
  const { hostname, port } = new URL(url)
  const onread = { buffer: Buffer.alloc(100), callback: () => false }
  const socket = connect({ host: hostname, port: Number(port), onread })
  // That it is closed is what is waited for; what it was sent before can still be read for long.
  socket.on('error', () => socket.destroy())
  socket.write(plain(path))
  return socket
}

const plain = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: edge\r\n\r\n`
const statusOf = (received: string): number => readAnswers(received).answers[0]?.status ?? 0

async function closesWith(client: RawClient, statuses: readonly number[]): Promise<string[]> {
  const status = statusOf(await inTime(client.end()))
  return statuses.includes(status) ? [] : [`closed with ${status} where ${statuses} is defined`]
}

const slowHeads: readonly ConnectionCase[] = [
  {
    name: 'a head that comes byte by byte',
    async run(target, path) {
      const client = await RawClient.connect(target.url)
      client.socket.setNoDelay(true)
      const good = target.good(path)
      for (const byte of good.text('close')) {
        client.send(byte)
        await new Promise(setImmediate)
      }
      const complaint = good.complaint(readAnswers(await inTime(client.end())).answers[0])
      return complaint === undefined ? [] : [complaint]
    },
  },
  {
    name: 'a head that does not come to its end',
    counts: 'closed.slow_header',
    async run(target) {
      const client = await RawClient.connect(target.url)
      client.send('GET /live/bad/v1/1.m4s HTTP/1.1\r\nHost: edge\r\nX: ')
      const drip = setInterval(() => client.send('x'), 20)
      // What is said into a closed connection is answered by a reset, which may overtake the 408.
      const problems = await closesWith(client, [0, 408])
      clearInterval(drip)
      return problems
    },
  },
  {
    name: 'a head that does not come to its end behind a good request',
    counts: 'closed.slow_header',
    async run(target, path) {
      const client = await RawClient.connect(target.url)
      client.send(target.good(path).text('keep-alive'))
      await inTime(client.until(received => readAnswers(received).answers.length === 1))
      client.send('GET /live')
      const statuses = readAnswers(await inTime(client.end())).answers.map(({ status }) => status)
      return statuses.length === 2 && statuses[1] === 408 ? [] : [`answered ${statuses}`]
    },
  },
  {
    name: 'a connection on which nothing is said',
    counts: 'closed.slow_header',
    run: async target => closesWith(await RawClient.connect(target.url), [0, 408]),
  },
  {
    name: 'a body that does not come',
    only: 'publish',
    counts: 'closed.slow_writer',
    async run(target, path) {
      const client = await RawClient.connect(target.url)
      const text = target.good(path).text('close')
      client.send(text.slice(0, -2))
      return closesWith(client, [0, 400, 408])
    },
  },
]

const readers: readonly ConnectionCase[] = [
  {
    name: 'a client that takes next to nothing of a large object',
    only: 'delivery',
    counts: 'closed.slow_reader',
    async run(target) {
      const closed = async () => (await target.view.counts())['closed.slow_reader'] ?? 0
      // The second time an edge has it stored.
      for (let i = 0; i < 2; i++) {
        const before = await closed()
        const socket = slowReader(target.url, target.places.large)
        const sip = setInterval(() => socket.resume(), 50)
        const untilMs = performance.now() + patienceMs
        while ((await closed()) === before && performance.now() < untilMs) await new Promise(setImmediate)
        clearInterval(sip)
        socket.destroy()
        if ((await closed()) === before) return [`it was not closed, time ${i + 1}`]
      }
      return []
    },
  },
  {
    name: 'a client that resets within a large object',
    only: 'delivery',
    async run(target) {
      const client = await RawClient.connect(target.url)
      client.send(plain(target.places.large))
      await inTime(client.until(received => received.length > 100_000))
      client.socket.resetAndDestroy()
      return []
    },
  },
  {
    name: 'a client that ends its side behind its request',
    async run(target, path) {
      const client = await RawClient.connect(target.url)
      const good = target.good(path)
      client.send(good.text('keep-alive'))
      client.socket.end()
      const { answers } = readAnswers(await inTime(client.end()))
      const complaint = answers.length === 0 ? undefined : good.complaint(answers[0])
      return complaint === undefined ? [] : [complaint]
    },
  },
  {
    name: '200 idle connections',
    async run(target, path) {
      const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.connect(target.url)))
      const problems = await askWell(target, path, 'beside them')
      for (const { socket } of clients) socket.destroy()
      return problems
    },
  },
]

const fills: readonly ConnectionCase[] = [
  {
    name: 'the client that leads a fill leaves',
    only: 'edge',
    async run(target, path) {
      const upstream = target.upstream
      if (!upstream) return ['no upstream']
      upstream.play(path, [{}])
      const leader = await RawClient.connect(target.url)
      leader.send(plain(path))
      await inTime(upstream.asked(path))
      const follower = askWell(target, path, 'of who waits behind it')
      leader.socket.resetAndDestroy()
      const body = bodyOf(path)
      upstream.requestsFor(path)[0]?.say(answerHead(200, { ...goodFields(path), 'content-length': body.length }), body)
      const problems = await follower
      return upstream.requestsFor(path).length === 1 ? problems : [...problems, 'the fill was asked for again']
    },
  },
  {
    name: 'a Range past a body that is still arriving',
    only: 'edge',
    async run(target, path) {
      const upstream = target.upstream
      if (!upstream) return ['no upstream']
      upstream.play(path, [{}])
      const client = await RawClient.connect(target.url)
      client.send(`GET ${path} HTTP/1.1\r\nHost: edge\r\nRange: bytes=900-904\r\nConnection: close\r\n\r\n`)
      await inTime(upstream.asked(path))
      const body = bodyOf(path)
      const [request] = upstream.requestsFor(path)
      request?.say(answerHead(200, { ...goodFields(path), 'content-length': body.length }), body.slice(0, 500))
      const whole = askWell(target, path, 'of all of it')
      request?.say(body.slice(500))
      const [answer] = readAnswers(await inTime(client.end())).answers
      const isRight = answer?.status === 206 && answer.body === body.slice(900, 905)
      return [...(isRight ? [] : [`the Range got ${answer?.status} ${answer?.body}`]), ...(await whole)]
    },
  },
  {
    name: 'a flood of distinct names',
    only: 'delivery',
    async run(target) {
      const client = await RawClient.connect(target.url)
      for (let i = 0; i < 100; i++) client.send(plain(`${target.places.missing}-${i}`))
      await inTime(client.until(received => readAnswers(received).answers.length === 100))
      client.socket.destroy()
      return []
    },
  },
]

export const connectionCases: readonly ConnectionCase[] = [...slowHeads, ...readers, ...fills]
