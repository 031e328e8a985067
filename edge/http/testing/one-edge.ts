import { segmentPath } from '../../../live/address.ts'
import { eventDefaults, type LiveEvent } from '../../../live/event.ts'
import { liveEdge } from '../../../live/template.ts'
import { now } from '../../../process/clock.ts'
import type { EdgeConfigInput } from '../config.ts'
import { type RunningEdge, startEdge } from '../start.ts'
import { answerHead, type ScriptedRequest, ScriptedUpstream } from './scripted-upstream.ts'

// An edge in front of an origin that the test plays: it answers `event.json` by itself, and leaves the rest to the test.

export const controlToken = 'control-token-of-the-tests'

const testEvent = (given: Partial<LiveEvent> = {}): LiveEvent => ({
  ...eventDefaults,
  event: 'show',
  startMs: now() - 120_000,
  renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1', timescale: 90_000 }],
  ...given,
})

export class TestOrigin {
  readonly event: LiveEvent
  readonly upstream: ScriptedUpstream
  readonly #script: ((request: ScriptedRequest) => void) | undefined
  #asked: ScriptedRequest[] = []
  #taken = 0
  #wake: (() => void)[] = []

  private constructor(event: LiveEvent, upstream: ScriptedUpstream, script?: (request: ScriptedRequest) => void) {
    this.event = event
    this.upstream = upstream
    this.#script = script
  }

  /** `script` plays the origin; without it the test takes the requests with `next`. */
  static async start(event = testEvent(), script?: (request: ScriptedRequest) => void): Promise<TestOrigin> {
    let origin: TestOrigin | undefined
    const upstream = await ScriptedUpstream.start(request => origin?.take(request))
    origin = new TestOrigin(event, upstream, script)
    return origin
  }

  /** Every request but those for `event.json`. */
  get requests(): readonly ScriptedRequest[] {
    return this.#asked
  }

  /** The first of them that no `next` has given yet. */
  async next(): Promise<ScriptedRequest> {
    while (this.#asked.length <= this.#taken) await new Promise<void>(come => this.#wake.push(come))
    return this.#asked[this.#taken++] as ScriptedRequest
  }

  take(request: ScriptedRequest): void {
    if (request.path.endsWith('/event.json')) {
      const body = JSON.stringify(this.event)
      request.say(answerHead(200, { 'content-length': Buffer.byteLength(body) }), body)
      return
    }
    this.#asked.push(request)
    this.#script?.(request)
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** The address of a segment that is `behind` numbers behind the live edge, so that it exists. */
export const segmentOf = (event: LiveEvent, behind = 1): string =>
  segmentPath(event.event, 'v1', (liveEdge(event, now()) as number) - behind)

/** Fields of an answer that an edge may keep for a minute. */
export const keptFields = (bodyBytes: number, etag = '"one"'): Record<string, string | number> => ({
  'content-length': bodyBytes,
  'content-type': 'video/iso.segment',
  etag,
  'cache-control': 'max-age=60',
  'cdn-cache-control': 'max-age=60, max-age-ms=60000',
  'live-version': '1;sequence=0',
  'live-pipeline': 'a',
})

/** Starts an edge of site `a` in front of `origin`. */
export const edgeOf = (
  origin: TestOrigin,
  given: Partial<EdgeConfigInput> = {},
  options: Parameters<typeof startEdge>[2] = {},
): Promise<RunningEdge> =>
  startEdge(
    { name: 'a1', site: 'a', origins: [{ url: origin.upstream.url }], events: [origin.event.event], ...given },
    controlToken,
    options,
  )

/** One control command; resolves with its status and JSON. */
export async function control(
  edge: RunningEdge,
  command: string,
  body?: unknown,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const [method, path] = command.split(' ') as [string, string]
  const response = await fetch(edge.controlUrl + path, {
    method,
    headers: { authorization: `Bearer ${controlToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, json: (await response.json()) as Record<string, unknown> }
}
