import { createServer } from 'node:http'
import { crc32 } from 'node:zlib'
import { parseAddress } from '../../live/address.ts'
import { liveEventSchema } from '../../live/event.ts'
import { makeSynthetic } from '../../live/synthetic.ts'
import { expectedPublication } from '../../live/template.ts'
import { listen, urlOf } from '../../process/control.ts'
import { sayReady } from '../../process/lifecycle.ts'

// The origin behind the edges that `bench:edge` compares: segments of one size for each rendition, with the fields of an
// origin of ours and a lifetime that outlasts the benchmark. It is asked once for each segment and edge, so that it may
// be simple; how often it was asked stands at `/asked`. Configuration: one JSON document in the argument,
// `{event, bodyBytes: {rendition: bytes}}`.

const given = JSON.parse(process.argv[2] ?? '{}') as { event: unknown; bodyBytes: Record<string, number> }
const event = liveEventSchema.parse(given.event)
const lifetimeS = 3_600
let asked = 0

const server = createServer((request, response) => {
  const path = request.url ?? ''
  const address = parseAddress(path)
  if (path === '/asked' || address?.kind === 'event-config') {
    const body = JSON.stringify(path === '/asked' ? { asked } : event)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
    return
  }
  const bodyBytes = address?.kind === 'segment' ? given.bodyBytes[address.rendition] : undefined
  if (address?.kind !== 'segment' || bodyBytes === undefined) {
    response.writeHead(404, { 'content-length': 0 }).end()
    return
  }
  asked++
  const { rendition, number } = address
  const publishedMs = Math.round(expectedPublication(event, number) as number)
  const body = makeSynthetic({ event: event.event, rendition, number, pipeline: 'a', publishedMs }, bodyBytes, crc32)
  response.writeHead(200, {
    'content-type': 'video/mp4',
    'content-length': body.length,
    etag: `"a-${publishedMs}-${body.length}"`,
    'cache-control': `max-age=${lifetimeS}`,
    'cdn-cache-control': `max-age=${lifetimeS}, max-age-ms=${lifetimeS * 1_000}`,
    'cmsd-static': `at=${publishedMs},d=${event.segmentMs},ot=v,st=l`,
    'live-pipeline': 'a',
    'live-region': 'eu',
    'live-version': `${event.version};sequence=0`,
  })
  response.end(body)
})

await listen(server, 0, '127.0.0.1')
sayReady({ ready: 'origin', name: 'bench-origin', listen: { delivery: urlOf(server) } })
// Whoever started it is gone.
process.once('disconnect', () => process.exit(0))
