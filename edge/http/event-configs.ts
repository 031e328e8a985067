import { Pool } from 'undici'
import { formatAddress } from '../../live/address.ts'
import { type LiveEvent, parseLiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { formatEdgeName, liveFields, requestIdField } from '../../live/live-state.ts'

// Asks the origin for the configuration of an event: not through the cache, because it is what the cache goes by. Where
// there are origins in several regions they are asked in the core's order, until one answers.

const answerWithinMs = 2_000

export interface EventConfigsOptions {
  /** URLs of the origins in the order in which they are to be asked now. */
  readonly origins: () => readonly string[]
  readonly edge: string
  readonly site: string
}

export class EventConfigs {
  readonly #options: EventConfigsOptions
  readonly #pools = new Map<string, Pool>()
  readonly #underWay = new Map<string, Promise<LiveEvent>>()
  #asked = 0

  constructor(options: EventConfigsOptions) {
    this.#options = options
  }

  /** The configuration of `event` as the origin has it now; asks that come together share one request. */
  fetch(event: string): Promise<LiveEvent> {
    const known = this.#underWay.get(event)
    if (known) return known
    const asking = this.#askAll(event).finally(() => this.#underWay.delete(event))
    this.#underWay.set(event, asking)
    return asking
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(pool => pool.destroy()))
  }

  /** Rejects with what the last one said. */
  async #askAll(event: string): Promise<LiveEvent> {
    let last: unknown
    for (const origin of this.#options.origins()) {
      try {
        return await this.#ask(origin, event)
      } catch (error) {
        last = error
      }
    }
    throw last
  }

  async #ask(origin: string, event: string): Promise<LiveEvent> {
    this.#asked++
    const { edge, site } = this.#options
    const path = formatAddress({ kind: 'event-config', event })
    const { statusCode, headers, body } = await this.#pool(origin).request({
      method: 'GET',
      path,
      headers: {
        [requestIdField]: `${edge}-e${this.#asked}`,
        [liveFields.edge]: formatEdgeName(edge, site),
      },
      signal: AbortSignal.timeout(answerWithinMs),
    })
    if (statusCode !== 200 || Number(headers['content-length'] ?? Infinity) > limits.manifestBodyBytes) {
      await body.dump()
      throw new Error(
        `the origin answered ${path} with ${statusCode}, ${headers['content-length'] ?? 'unstated'} bytes`,
      )
    }
    const config = parseLiveEvent(await body.json())
    if (config.event !== event) throw new Error(`the origin answered ${path} with the event ${config.event}`)
    return config
  }

  #pool(origin: string): Pool {
    const known = this.#pools.get(origin)
    if (known) return known
    const pool = new Pool(origin, { connections: 4, connect: { timeout: answerWithinMs } })
    this.#pools.set(origin, pool)
    return pool
  }
}
