import { segmentPath } from '../live/address.ts'
import type { LiveEvent } from '../live/event.ts'
import type { Answer } from './answers.ts'
import { bodyOf, type HostileUpstream } from './hostile-upstream.ts'

// What is tried: one listener of a running edge or origin, seen from outside only.

/** Where a process listens, and how its operators speak to it. */
export interface Control {
  readonly controlUrl: string
  readonly controlToken: string
}

/** A good request and how its answer is known. */
export interface GoodRequest {
  /** Named, so that its answer cannot be taken for another's. */
  text(connection: 'keep-alive' | 'close'): string
  /** What is wrong with the answer; undefined when it is what was asked for. */
  complaint(answer: Answer | undefined): string | undefined
}

export interface Target {
  readonly name: string
  readonly side: 'delivery' | 'publish'
  readonly url: string
  /** Each address is asked for well before a case, so that an edge has it stored. */
  readonly warm: boolean
  /** What an edge fills from. */
  readonly upstream?: HostileUpstream | undefined
  /** An address that exists; as long as there are any, one that no case has had yet. */
  nextPath(): string
  /** What the other placeholders stand for. */
  readonly places: Readonly<Record<'empty' | 'missing' | 'large', string>>
  good(path: string): GoodRequest
  readonly view: View
}

/** The operators' view of a process. */
class View {
  readonly #control: Control

  constructor(control: Control) {
    this.#control = control
  }

  async get(path: '/state' | '/record'): Promise<Record<string, unknown>> {
    return this.#ask('GET', path)
  }

  async post(path: string, body: object = {}): Promise<void> {
    await this.#ask('POST', path, JSON.stringify(body))
  }

  /** Everything that the process counts. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    return (await this.get('/record')).counts as Record<string, number>
  }

  /** Requests that wait at an edge or are held at an origin, and fetches under way. */
  async pending(): Promise<number> {
    const { waiting, fetches, holds } = (await this.get('/state')) as Partial<Record<string, number>>
    return (waiting ?? 0) + (fetches ?? 0) + (holds ?? 0)
  }

  async #ask(method: string, path: string, body?: string): Promise<Record<string, unknown>> {
    const { controlUrl, controlToken } = this.#control
    const response = await fetch(controlUrl + path, {
      method,
      headers: { authorization: `Bearer ${controlToken}` },
      ...(body === undefined ? {} : { body }),
    })
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as Record<string, unknown>
  }
}

const goodName = 'good-request'

/** A GET of an object with that body. */
export const goodGet = (path: string, body = bodyOf(path)): GoodRequest => ({
  text: connection =>
    `GET ${path} HTTP/1.1\r\nHost: edge\r\nX-Request-Id: ${goodName}\r\nConnection: ${connection}\r\n\r\n`,
  complaint(answer) {
    if (answer?.status !== 200) return `status ${answer?.status ?? 'none'}`
    if (answer.fields['x-request-id'] !== goodName) return `the answer to ${answer.fields['x-request-id']}`
    return answer.body === body ? undefined : `another body: ${JSON.stringify(answer.body.slice(0, 60))}`
  },
})

const goodPut = (path: string, token: string): GoodRequest => ({
  text: connection =>
    `PUT ${path} HTTP/1.1\r\nHost: origin\r\nAuthorization: Bearer ${token}\r\nContent-Length: 4\r\nConnection: ${connection}\r\n\r\ngood`,
  complaint: answer =>
    answer !== undefined && [200, 201].includes(answer.status) ? undefined : `status ${answer?.status ?? 'none'}`,
})

const empty = '/empty/object'
const missing = '/missing/object'

/** The players' listener of an edge in front of `upstream`. */
export function edgeTarget(
  name: string,
  edge: { readonly url: string } & Control,
  upstream: HostileUpstream,
  warm: boolean,
): Target {
  return {
    name,
    side: 'delivery',
    url: edge.url,
    warm,
    upstream,
    view: new View(edge),
    places: { empty, missing, large: upstream.largeSegment },
    nextPath: () => upstream.nextSegment(),
    good: path => goodGet(path),
  }
}

/** Numbers of an origin's event: these hold what players ask for, the others are for packagers. */
export const stored = { first: 1, count: 60, empty: 61, large: 62, known: 63, next: 64 }

/** The delivery side of an origin that `event` was published to. */
export function deliveryTarget(origin: { readonly url: string } & Control, event: LiveEvent): Target {
  const pathOf = (number: number) => segmentPath(event.event, 'v1', number)
  let taken = 0
  return {
    name: 'origin, delivery',
    side: 'delivery',
    url: origin.url,
    warm: false,
    view: new View(origin),
    places: { empty: pathOf(stored.empty), missing, large: pathOf(stored.large) },
    nextPath: () => pathOf(stored.first + (taken++ % stored.count)),
    good: path => goodGet(path),
  }
}

/** The publish side of an origin. */
export function publishTarget(origin: { readonly url: string } & Control, event: LiveEvent, token: string): Target {
  const pathOf = (number: number) => `/ingest/b/${event.event}/v1/${number}.m4s`
  return {
    name: 'origin, publish',
    side: 'publish',
    url: origin.url,
    warm: false,
    view: new View(origin),
    places: { empty: pathOf(stored.empty), missing: pathOf(0), large: pathOf(stored.large) },
    nextPath: () => pathOf(stored.first),
    good: path => goodPut(path, token),
  }
}
