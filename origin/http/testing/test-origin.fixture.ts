import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { formatIngestAddress } from '../../../live/address.ts'
import { eventDefaults, type LiveEvent } from '../../../live/event.ts'
import { now } from '../../../process/clock.ts'
import { originConfigSchema } from '../config.ts'
import { type OriginParts, type RunningOrigin, startOrigin } from '../start.ts'

// An origin over real sockets for tests, with the few ways of speaking to it that they need.

export const tokens = { publish: 'publish-token', control: 'control-token' }

/** An event of which segment 1 was expected `ageMs` ago. */
export const eventOf = (ageMs: number, changes: Partial<LiveEvent> = {}): LiveEvent => ({
  ...eventDefaults,
  pipelines: [...eventDefaults.pipelines],
  event: 'cup',
  startMs: Math.floor(now()) - ageMs - eventDefaults.segmentMs - eventDefaults.publishDelayMs,
  renditions: [
    { name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1.64001f', timescale: 90_000 },
    { name: 'a1', kind: 'audio', bitsPerSecond: 96_000, codecs: 'mp4a.40.2', timescale: 48_000 },
  ],
  ...changes,
})

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

export interface TestOrigin extends Omit<RunningOrigin, 'urls'> {
  /** '' for a listener that its role has not. */
  readonly urls: RunningOrigin['urls'] & { readonly delivery: string; readonly publish: string }
  readonly event: LiveEvent
  get(path: string, headers?: OutgoingHttpHeaders, method?: string): Promise<Reply>
  put(path: string, body: Uint8Array | string, headers?: OutgoingHttpHeaders): Promise<Reply>
  /** Puts one segment of rendition v1. */
  publish(number: number, body: Uint8Array | string, pipeline?: string, defects?: string): Promise<Reply>
  control(command: string, body?: unknown): Promise<Reply>
}

export async function startTestOrigin(
  event: LiveEvent,
  changes: object = {},
  parts: OriginParts = {},
): Promise<TestOrigin> {
  const config = originConfigSchema.parse({ name: 'origin', event, ...changes })
  const { close, urls } = await startOrigin(config, tokens, parts)
  return { close, ...speakTo(event, { delivery: '', publish: '', ...urls }) }
}

/** The ways of speaking to an origin that listens at `urls`. */
export function speakTo(event: LiveEvent, urls: TestOrigin['urls']): Omit<TestOrigin, 'close'> {
  const put: TestOrigin['put'] = (path, body, headers = {}) =>
    exchange(urls.publish + path, 'PUT', { authorization: `Bearer ${tokens.publish}`, ...headers }, body)
  return {
    urls,
    event,
    put,
    get: (path, headers = {}, method = 'GET') => exchange(urls.delivery + path, method, headers),
    publish: (number, body, pipeline = 'a', defects = undefined) =>
      put(
        formatIngestAddress({ pipeline, event: event.event, rendition: 'v1', number }),
        body,
        defects === undefined ? {} : { 'live-defects': defects },
      ),
    control: (command, body) => {
      const [method, path] = command.split(' ') as [string, string]
      const headers = { authorization: `Bearer ${tokens.control}` }
      return exchange(urls.control + path, method, headers, body === undefined ? undefined : JSON.stringify(body))
    },
  }
}

/** One request on a connection of its own. */
function exchange(
  url: string,
  method: string,
  headers: OutgoingHttpHeaders,
  body?: Uint8Array | string,
): Promise<Reply> {
  return new Promise((done, fail) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const request = httpRequest(url, { method, headers: { ...length, ...headers }, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () => {
        const whole = Buffer.concat(chunks)
        const { statusCode = 0, headers } = response
        done({ status: statusCode, headers, body: whole, text: whole.toString('utf8') })
      })
    })
    request.on('error', fail)
    request.end(body)
  })
}

/** Sends `text` as it is and resolves with all that came until the connection was closed. */
export function sendRaw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise(done => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'))
    socket.setEncoding('latin1')
    socket.on('data', (data: string) => {
      answer += data
    })
    // A reset after the answer is one way of closing: what matters is what came.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => done(answer))
  })
}

/** Resolves when `holds` asked again and again gives true: for things that only another process's clock decides. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(done => setImmediate(done))
}
