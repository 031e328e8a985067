import { answerHead, type ScriptedRequest, ScriptedUpstream } from '../edge/http/testing/scripted-upstream.ts'
import { segmentPath } from '../live/address.ts'
import { eventDefaults, type LiveEvent } from '../live/event.ts'
import { liveEdge, windowStart } from '../live/template.ts'
import { now } from '../process/clock.ts'

// The upstream of the edges that are tried: well-behaved under most addresses, so that a poisoned cache shows, and as
// hostile as a case says for the addresses of that case. Every event that it is asked for exists.

/** How far the events of the tests reach back: numbers enough for every case to have one of its own. */
const reachMs = 1_200_000
const segmentMs = 200
/** Kept clear of both ends of what exists. */
const marginNumbers = 25

/** One move of the upstream: what it says, and what it does then. */
export interface Move {
  readonly say?: readonly (string | Buffer)[]
  /** Default: the connection stays open. */
  readonly end?: 'close' | 'reset'
}

/** What an address that behaves has as its body: 1,000 bytes that no other address has. */
export const bodyOf = (path: string): string => `${path} `.padEnd(1_000, '0123456789')

/** Bytes of each segment of the event `large`: more than all the buffers between a server and a client that does not read. */
export const largeBytes = 24 * 1024 * 1024
const large = Buffer.alloc(largeBytes, 'x')

export class HostileUpstream {
  readonly #startMs = Math.floor(now() as number) - reachMs
  readonly #requests = new Map<string, ScriptedRequest[]>()
  readonly #moves = new Map<string, Move[]>()
  readonly #heads: string[] = []
  readonly #server: ScriptedUpstream
  readonly #event: LiveEvent
  #lastNumber = 0
  #wake: (() => void)[] = []

  private constructor(server: ScriptedUpstream) {
    this.#server = server
    this.#event = this.event('bad')
  }

  static async start(): Promise<HostileUpstream> {
    const upstream: HostileUpstream = new HostileUpstream(
      await ScriptedUpstream.start(request => upstream.#take(request)),
    )
    return upstream
  }

  get url(): string {
    return this.#server.url
  }

  /** The event of that name, of which every segment of the last minutes exists. */
  event(name: string): LiveEvent {
    return {
      ...eventDefaults,
      pipelines: ['a'],
      event: name,
      startMs: this.#startMs,
      segmentMs,
      dvrWindowMs: 7_200_000,
      renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1', timescale: 90_000 }],
    }
  }

  /** A segment of the event `bad` that exists and, until all were given, that nobody was given before. */
  nextSegment(): string {
    if (this.#lastNumber <= (windowStart(this.#event, now()) as number) + marginNumbers) {
      this.#lastNumber = (liveEdge(this.#event, now()) as number) - marginNumbers
    }
    return segmentPath(this.#event.event, 'v1', this.#lastNumber--)
  }

  /** A segment of the event `large`, always the same. */
  get largeSegment(): string {
    return segmentPath('large', 'v1', Math.floor(reachMs / segmentMs / 2))
  }

  /** From now on `path` is answered by `moves` in turn, and well when they have all been made. */
  play(path: string, moves: readonly Move[]): void {
    this.#moves.set(path, [...moves])
    this.#requests.delete(path)
  }

  /** The requests for `path` since its moves were set, or since `forget`. */
  requestsFor(path: string): readonly ScriptedRequest[] {
    return this.#requests.get(path) ?? []
  }

  /** Every request but those for event configurations, as `METHOD path`. */
  get seen(): readonly string[] {
    return this.#heads
  }

  /** Resolves when `path` was asked for `count` times. */
  async asked(path: string, count = 1): Promise<void> {
    while (this.requestsFor(path).length < count) await new Promise<void>(come => this.#wake.push(come))
  }

  /** Forgets what it was asked for, so that a long run does not grow. */
  forget(): void {
    this.#requests.clear()
    this.#moves.clear()
    this.#heads.length = 0
    this.#server.requests.length = 0
  }

  async close(): Promise<void> {
    await this.#server.close()
  }

  #take(request: ScriptedRequest): void {
    const { path, method } = request
    const config = /^\/live\/([a-z0-9-]+)\/event\.json$/.exec(path)?.[1]
    if (config !== undefined) {
      const body = JSON.stringify(this.event(config))
      request.say(answerHead(200, { 'content-length': Buffer.byteLength(body) }), body)
      return
    }
    this.#heads.push(`${method} ${path}`)
    const known = this.#requests.get(path)
    if (known) known.push(request)
    else this.#requests.set(path, [request])
    const move = this.#moves.get(path)?.shift()
    if (move) makeMove(request, move)
    else answerWell(request)
    for (const wake of this.#wake.splice(0)) wake()
  }
}

function makeMove({ socket, say }: ScriptedRequest, { say: parts = [], end }: Move): void {
  say(...parts)
  if (end === 'close') socket.end()
  else if (end === 'reset') socket.resetAndDestroy()
}

function answerWell({ path, method, say }: ScriptedRequest): void {
  if (path.startsWith('/missing')) {
    say(answerHead(404, { 'content-length': 7, 'cache-control': 'max-age=1' }), method === 'HEAD' ? '' : 'missing')
    return
  }
  const body = path.startsWith('/live/large/') ? large : path.startsWith('/empty/') ? '' : bodyOf(path)
  const fields = { ...goodFields(path), 'content-length': body.length }
  say(answerHead(200, fields), method === 'HEAD' ? '' : body)
}

/** Fields of an answer that may be kept for a minute. */
export const goodFields = (path: string): Record<string, string> => ({
  'content-type': 'video/iso.segment',
  etag: `"${path}"`,
  'cache-control': 'max-age=60',
  'cdn-cache-control': 'max-age=60, max-age-ms=60000',
  'live-version': '1;sequence=0',
  'live-pipeline': 'a',
})
