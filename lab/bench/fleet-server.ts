import { createServer, type Socket } from 'node:net'
import { crc32 } from 'node:zlib'
import { parseAddress } from '../../live/address.ts'
import { liveEventSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { makeSynthetic } from '../../live/synthetic.ts'
import { expectedPublication } from '../../live/template.ts'
import { listen, urlOf } from '../../process/control.ts'
import { sayReady } from '../../process/lifecycle.ts'

// The server that the fleet's benchmark drives: it must cost less than the client that it measures, so it speaks just
// enough HTTP on a bare socket and answers with responses that are made once. Every body is valid, so that the client's
// verification does its whole work. Configuration: one JSON document in the argument, `{event, bodyBytes}`.

const given = JSON.parse(process.argv[2] ?? '{}') as { event: unknown; bodyBytes: number }
const event = liveEventSchema.parse(given.event)
/** Players ask for a handful of numbers at a time; so many are 20 MB. */
const keptResponses = 200
const kept = new Map<string, Buffer>()

const endOfHead = '\r\n\r\n'

function serve(socket: Socket): void {
  let pending = ''
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    pending += chunk.toString('latin1')
    for (let end = pending.indexOf(endOfHead); end !== -1; end = pending.indexOf(endOfHead)) {
      const path = pending.slice(pending.indexOf(' ') + 1, pending.indexOf(' HTTP/'))
      pending = pending.slice(end + endOfHead.length)
      socket.write(responseFor(path))
    }
    if (pending.length > limits.headerBytes) socket.destroy()
  })
  socket.on('error', () => socket.destroy())
}

function responseFor(path: string): Buffer {
  const known = kept.get(path)
  if (known) return known
  const made = make(path)
  kept.set(path, made)
  if (kept.size > keptResponses) kept.delete(kept.keys().next().value as string)
  return made
}

/** The header fields are those of an edge of ours, so that the client has as much to parse. */
function make(path: string): Buffer {
  const address = parseAddress(path)
  if (address === undefined) return Buffer.from(`HTTP/1.1 404 Not Found\r\ncontent-length: 0${endOfHead}`)
  const { event: name } = event
  const publishedMs = Math.round(
    address.kind === 'segment' ? expectedPublication(event, address.number) : event.startMs,
  )
  const pipeline = 'a'
  const body =
    address.kind === 'segment'
      ? makeSynthetic(
          { event: name, rendition: address.rendition, number: address.number, pipeline, publishedMs },
          given.bodyBytes,
          crc32,
        )
      : Buffer.from(JSON.stringify(event))
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: video/mp4',
    `content-length: ${body.length}`,
    `etag: "${pipeline}-${crc32(body).toString(16).padStart(8, '0')}-${body.length}"`,
    'cache-control: max-age=60',
    'date: Thu, 01 Jan 2026 00:00:00 GMT',
    'age: 0',
    `cmsd-static: at=${publishedMs},ht=0`,
    `live-pipeline: ${pipeline}`,
    'live-region: eu',
    'live-version: 1;sequence=0',
    'cache-status: bench;hit;ttl=60;ttl-ms=60000;detail=hit',
  ].join('\r\n')
  return Buffer.concat([Buffer.from(head + endOfHead, 'latin1'), body])
}

const server = createServer(serve)
await listen(server, 0, '127.0.0.1')
sayReady({ ready: 'edge', name: 'bench', listen: { players: urlOf(server) } })
// Whoever started it holds the other end of its standard input: it does not outlive them.
process.stdin.on('end', () => process.exit(0)).resume()
