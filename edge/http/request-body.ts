import type { IncomingMessage } from 'node:http'
import { type Readable, Transform, type TransformCallback } from 'node:stream'
import { limits } from '../../live/limits.ts'

// Bodies of requests that go through. Node's parser has taken the framing apart, and undici frames what it sends anew:
// no byte of a body can be taken for a second request.

/** Whether `request` has a body, as its framing says (RFC 9112, 6). */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

/** Whether it says that it has more than an edge takes. */
export const saysTooMuch = ({ headers }: IncomingMessage): boolean =>
  Number(headers['content-length'] ?? 0) > limits.requestBodyBytes

/** The fields that frame the body on its way on: its length where it is known, else it is sent in chunks. */
export const framingOf = ({ headers }: IncomingMessage): Record<string, string> =>
  headers['content-length'] === undefined ? {} : { 'content-length': headers['content-length'] }

/** The body as a stream that the client of the next hop may destroy without the asker's connection. */
export function bodyOf(request: IncomingMessage): Readable {
  const body = new BoundedBody()
  request.on('error', error => body.destroy(error))
  request.on('close', () => {
    if (!request.complete) body.destroy(new Error('the asker left before the end of its body'))
  })
  return request.pipe(body)
}

/** Passes on what comes, up to the limit: a body in chunks says no length beforehand. */
class BoundedBody extends Transform {
  #bytes = 0

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#bytes += chunk.length
    if (this.#bytes > limits.requestBodyBytes) done(new Error(`a body over ${limits.requestBodyBytes} bytes`))
    else done(null, chunk)
  }
}
