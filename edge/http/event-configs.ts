import { Pool } from 'undici'
import { formatAddress } from '../../live/address.ts'
import { type LiveEvent, parseLiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { formatEdgeName, liveFields, requestIdField } from '../../live/live-state.ts'

// Asks the origin for the configuration of an event: not through the cache, because it is what the cache goes by.

const answerWithinMs = 2_000

export class EventConfigs {
  readonly #origin: Pool
  readonly #edge: string
  readonly #site: string
  readonly #underWay = new Map<string, Promise<LiveEvent>>()
  #asked = 0

  constructor({ origin, edge, site }: { origin: string; edge: string; site: string }) {
    this.#origin = new Pool(origin, { connections: 4, connect: { timeout: answerWithinMs } })
    this.#edge = edge
    this.#site = site
  }

  /** The configuration of `event` as the origin has it now; asks that come together share one request. */
  fetch(event: string): Promise<LiveEvent> {
    const known = this.#underWay.get(event)
    if (known) return known
    const asking = this.#ask(event).finally(() => this.#underWay.delete(event))
    this.#underWay.set(event, asking)
    return asking
  }

  async close(): Promise<void> {
    await this.#origin.destroy()
  }

  async #ask(event: string): Promise<LiveEvent> {
    this.#asked++
    const path = formatAddress({ kind: 'event-config', event })
    const { statusCode, headers, body } = await this.#origin.request({
      method: 'GET',
      path,
      headers: {
        [requestIdField]: `${this.#edge}-e${this.#asked}`,
        [liveFields.edge]: formatEdgeName(this.#edge, this.#site),
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
}
