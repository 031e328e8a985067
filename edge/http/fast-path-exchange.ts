import type { Bytes, EpochMs } from '../../live/units.ts'
import type { AccessEntry, LoggedRequest } from '../../process/access-log-format.ts'
import type { HitVerdict } from './fast-path-hits.ts'
import type { PlainRequest } from './fast-path-request.ts'

// One request that the fast path answers, as it is counted and logged: the same facts as those of an `Exchange`.

export class FastExchange implements AccessEntry {
  readonly asker = 'player-segment'
  readonly status = 200
  readonly waitedMs = undefined
  readonly id: string
  readonly arrivedMs: EpochMs
  readonly reason: HitVerdict['reason']
  bodyBytes: Bytes = 0
  readonly #request: PlainRequest
  readonly #client: string | undefined

  constructor(id: string, request: PlainRequest, verdict: HitVerdict, client: string | undefined, arrivedMs: EpochMs) {
    this.id = id
    this.#client = client
    this.arrivedMs = arrivedMs
    this.reason = verdict.reason
    this.#request = request
  }

  /** The head leaves within the call that took the request. */
  get firstByteMs(): EpochMs {
    return this.arrivedMs
  }

  /** As a log wants to see it. */
  get request(): LoggedRequest {
    const { target, fields } = this.#request
    return {
      method: 'GET',
      url: target,
      httpVersion: '1.1',
      headers: { referer: fields.referer, 'user-agent': fields.userAgent },
      socket: { remoteAddress: this.#client },
    }
  }
}
