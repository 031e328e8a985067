import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { sameToken } from '../../process/control.ts'

// Who may see and command a session: whoever came with its token, once, and has had a cookie since. A command must come
// from the page itself: another site's page can send a request here, but neither read the cookie nor forge its origin.

export interface Refused {
  readonly status: 401 | 403 | 415 | 421
  readonly why: string
}

export class Access {
  readonly #token: string
  readonly #session = randomBytes(24).toString('hex')
  readonly #port: () => number

  /** @param port of the listener: cookies know hosts only, so it is part of the cookie's name */
  constructor(token: string, port: () => number) {
    this.#token = token
    this.#port = port
  }

  /** Undefined when `request` may read. */
  mayRead(request: IncomingMessage): Refused | undefined {
    const wrongHost = this.#isOwnHost(request)
    if (wrongHost) return wrongHost
    if (sameToken(cookieOf(request, this.#cookieName), this.#session)) return undefined
    return { status: 401, why: 'open the address that tidegate demo printed: it has the token of this session' }
  }

  /** Undefined when `request` may command. */
  mayCommand(request: IncomingMessage): Refused | undefined {
    const refused = this.mayRead(request)
    if (refused) return refused
    if (!this.#hosts.some(host => request.headers.origin === `http://${host}`)) {
      return { status: 403, why: 'commands are taken from the page itself, not from other origins' }
    }
    // A form of another site cannot send this type without being asked first.
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return { status: 415, why: 'a command is JSON (content-type: application/json)' }
    }
    return undefined
  }

  /** The cookie for whoever has come with the token `given`; undefined when that is another. */
  cookieFor(request: IncomingMessage, given: string): string | undefined {
    if (this.#isOwnHost(request) || !sameToken(given, this.#token)) return undefined
    return `${this.#cookieName}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`
  }

  /** Names that lead to this machine only: a name of somebody else's that was rebound to it is refused. */
  #isOwnHost(request: IncomingMessage): Refused | undefined {
    return this.#hosts.includes(request.headers.host ?? '')
      ? undefined
      : { status: 421, why: `this is ${this.#hosts[0]}, and nothing else` }
  }

  get #hosts(): string[] {
    return [`127.0.0.1:${this.#port()}`, `localhost:${this.#port()}`]
  }

  get #cookieName(): string {
    return `tidegate-${this.#port()}`
  }
}

function cookieOf({ headers }: IncomingMessage, name: string): string {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name) return value ?? ''
  }
  return ''
}
