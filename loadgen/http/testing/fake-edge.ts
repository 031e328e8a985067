import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import { parseAddress, type SegmentAddress } from '../../../live/address.ts'
import type { LiveEvent } from '../../../live/event.ts'
import { makeSynthetic } from '../../../live/synthetic.ts'
import { expectedPublication, liveEdge } from '../../../live/template.ts'
import { now } from '../../../process/clock.ts'
import { listen, urlOf } from '../../../process/control.ts'

// An edge for tests: it knows every segment and says what it was asked. A test may answer some requests itself.

interface SeenRequest {
  readonly id: string
  readonly path: string
  readonly method: string
  readonly atMs: number
  /** The socket's port at the other end: which connection it came on. */
  readonly port: number
}

/** Answers a request; false leaves it to the fake edge. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => boolean

export interface FakeEdge {
  readonly url: string
  readonly seen: SeenRequest[]
  /** Resolves when `count` requests have been seen. */
  seenAtLeast(count: number): Promise<void>
  close(): Promise<void>
}

export const bodyOf = (address: SegmentAddress, bodyBytes = 2_000, publishedMs = 0): Uint8Array<ArrayBuffer> =>
  makeSynthetic({ ...address, pipeline: 'a', publishedMs }, bodyBytes, crc32)

export async function startFakeEdge(event: LiveEvent, behaviour: Behaviour = () => false, port = 0): Promise<FakeEdge> {
  const seen: SeenRequest[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    const { url: path = '', method = '', headers, socket } = request
    seen.push({ id: String(headers['x-request-id']), path, method, atMs: now(), port: socket.remotePort ?? 0 })
    for (const wake of waiting) wake()
    if (!behaviour(request, response)) answer(event, path, response)
  })
  await listen(server, port, '127.0.0.1')
  return {
    url: urlOf(server),
    seen,
    seenAtLeast: count =>
      new Promise(done => {
        const look = (): void => {
          if (seen.length < count) return
          waiting.delete(look)
          done()
        }
        waiting.add(look)
        look()
      }),
    async close() {
      server.closeAllConnections()
      await new Promise<void>(done => server.close(() => done()))
    },
  }
}

function answer(event: LiveEvent, path: string, response: ServerResponse): void {
  const address = parseAddress(path)
  if (address?.kind === 'segment') {
    const publishedMs = Math.round(expectedPublication(event, address.number))
    const body = bodyOf(address, 2_000, publishedMs)
    response.writeHead(200, {
      'content-length': body.length,
      'cmsd-static': `at=${publishedMs}`,
      'cache-status': 'fake;hit;ttl-ms=1000;detail=hit',
    })
    response.end(body)
  } else if (address?.kind === 'media-playlist') {
    const last = liveEdge(event, now()) as number
    const numbers = [4, 3, 2, 1, 0].map(behind => last - behind)
    const listed = numbers.map(number => `#EXTINF:${event.segmentMs / 1_000},\n${number}.m4s\n`).join('')
    const targetSeconds = Math.ceil(event.segmentMs / 1_000)
    response.end(`#EXTM3U\n#EXT-X-TARGETDURATION:${targetSeconds}\n#EXT-X-MEDIA-SEQUENCE:${numbers[0]}\n${listed}`)
  } else if (address?.kind === 'event-config') {
    response.end(JSON.stringify(event))
  } else {
    response.end('described')
  }
}
