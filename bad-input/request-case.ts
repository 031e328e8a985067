// One request, or several in one connection, that a listener must survive, as data: the bytes and the defined outcome.

/** What a listener does with the bytes. */
export interface Outcome {
  /** The statuses of the whole answers, in order; where several are as good, all of them. */
  readonly answers: readonly (number | readonly number[])[]
  /** Whether the connection then serves another request or is closed. */
  readonly after: 'open' | 'closed'
}

export interface RequestCase {
  readonly name: string
  /**
   * Sent as they are, one byte for each character. `{path}` stands for a segment that exists (1,000 bytes), `{empty}`
   * for an object without bytes, `{missing}` for one that there is not, `{large}` for one of many megabytes.
   */
  readonly bytes: string
  /** On the players' side: an edge, or the delivery side of an origin. */
  readonly delivery: Outcome
  /** On the publish side of an origin, where only PUT is served. */
  readonly publish: Outcome
  /** Indices of answers that are answers to HEAD. */
  readonly heads?: readonly number[]
}

const closedWith = (...answers: Outcome['answers']): Outcome => ({ answers, after: 'closed' })
const methodRefused = closedWith(405)

/** Not HTTP, or refused whatever it asks for: the same everywhere. */
export const refused = (name: string, bytes: string, status: Outcome['answers'][number] = 400): RequestCase => ({
  name,
  bytes,
  delivery: closedWith(status),
  publish: closedWith(status),
})

/** A request for something that is served to players, well or not; a packager's side refuses its method first. */
export const asked = (
  name: string,
  bytes: string,
  answers: Outcome['answers'],
  more: Partial<Outcome> & Pick<RequestCase, 'heads'> = {},
): RequestCase => {
  const { heads, ...outcome } = more
  return { name, bytes, delivery: { answers, after: 'open', ...outcome }, publish: methodRefused, heads }
}

/** Refused on the players' side for what it asks, on the packagers' side for its method already. */
export const askedWrongly = (name: string, bytes: string, status: Outcome['answers'][number] = 400): RequestCase =>
  asked(name, bytes, [status], { after: 'closed' })

/** A GET of `{path}` with more fields, each a line without its end. */
export const get = (...fields: readonly string[]): string => request('GET {path} HTTP/1.1', 'Host: edge', ...fields)

/** A head of the given lines. */
export const request = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

/** Every status with which a request is refused before anybody looks at what it asks for. */
export const refusals: readonly number[] = [400, 405, 408, 414, 417, 431, 505]
