import type { IncomingMessage } from 'node:http'
import { formatEdgeName, formatEventState, liveFields, requestIdField } from '../../live/live-state.ts'
import { between, type EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { DecisionLog } from '../../process/decision-log.ts'
import type { EdgeCore } from '../core/edge.ts'
import type { Effect, FetchFailure, FetchId, FetchPlan } from '../core/verdict.ts'
import type { EdgeConfig } from './config.ts'
import type { Copy } from './copies.ts'
import { siblingFields } from './question.ts'
import { bodyOf, framingOf } from './request-body.ts'
import { type FetchEvents, Upstream, type UpstreamCall } from './upstream.ts'

// The requests upstream that the core has asked for: what each is sent with, where its bytes go, and what the core
// hears of it.

export interface FetchesParts {
  readonly name: string
  readonly site: string
  readonly origins: EdgeConfig['origins']
  readonly core: EdgeCore
  readonly log: DecisionLog
  /** Carries out what the core says to what it was told. */
  apply(effects: readonly Effect[], at: EpochMs): void
  /** A sibling refused a connection. */
  siblingRefused(edge: string): void
}

interface Fetch {
  readonly carries?: IncomingMessage | undefined
  readonly plan: FetchPlan
  call?: UpstreamCall
  copy?: Copy
}

export class Fetches {
  readonly #parts: FetchesParts
  readonly #upstream = new Upstream()
  readonly #fetches = new Map<FetchId, Fetch>()
  /** Requests whose bodies go with fetches that are about to be sent. */
  readonly #bodies = new Map<FetchId, IncomingMessage>()
  #siblings: ReadonlyMap<string, string> = new Map()

  constructor(parts: FetchesParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#fetches.size
  }

  /** URLs of the site's other edges, by name. */
  setSiblings(siblings: ReadonlyMap<string, string>): void {
    this.#siblings = siblings
  }

  /** `request`'s body goes with the fetch `id`, which is about to be sent. */
  carry(id: FetchId, request: IncomingMessage): void {
    this.#bodies.set(id, request)
  }

  send(id: FetchId, plan: FetchPlan, at: EpochMs): void {
    const fetch: Fetch = { plan, carries: this.#bodies.get(id) }
    this.#bodies.delete(id)
    this.#fetches.set(id, fetch)
    const url = this.#urlOf(plan)
    const events = this.#eventsOf(id, fetch)
    if (url === undefined) {
      queueMicrotask(() => events.failed('refused', 'the topology no longer names this upstream'))
      return
    }
    const { carries } = fetch
    const fields = { ...this.#fieldsOf(id, plan, at), ...(carries && framingOf(carries)) }
    fetch.call = this.#upstream.send({ url, plan, fields, body: carries && bodyOf(carries) }, events)
  }

  #urlOf({ upstream }: FetchPlan): string | undefined {
    if (upstream.is === 'sibling') return this.#siblings.get(upstream.edge)
    return this.#parts.origins.find(({ region }) => region === upstream.region)?.url
  }

  /** From now on the bytes of this fetch go into `copy`, which must end where they begin. */
  collect(id: FetchId, copy: Copy, fromBytes: number): void {
    if (copy.receivedBytes !== fromBytes) {
      throw new Error(`fetch ${id} brings bytes from ${fromBytes} for a copy that has ${copy.receivedBytes}`)
    }
    const fetch = this.#fetches.get(id)
    if (fetch) fetch.copy = copy
  }

  abandon(id: FetchId): void {
    const fetch = this.#fetches.get(id)
    this.#fetches.delete(id)
    fetch?.call?.abort()
  }

  async close(): Promise<void> {
    for (const id of [...this.#fetches.keys()]) this.abandon(id)
    await this.#upstream.close()
  }

  #fieldsOf(id: FetchId, plan: FetchPlan, at: EpochMs): Record<string, string> {
    const { name, site } = this.#parts
    const via = plan.headers?.via
    return {
      // An asker's own choice, of what is not live, stands before ours.
      'accept-encoding': 'identity',
      ...plan.headers,
      via: `${via === undefined ? '' : `${via}, `}1.1 ${name}`,
      [requestIdField]: `${name}-f${id}`,
      [liveFields.edge]: formatEdgeName(name, site),
      ...(plan.asked ? { [liveFields.version]: formatEventState(plan.asked) } : {}),
      ...(plan.upstream.is === 'sibling' ? siblingFields(name, between(at, plan.headByMs)) : {}),
      ...(plan.resume ? { range: `bytes=${plan.resume.fromBytes}-`, 'if-range': plan.resume.etag } : {}),
    }
  }

  #eventsOf(id: FetchId, fetch: Fetch): FetchEvents {
    const { core } = this.#parts
    return {
      head: head => this.#tell(at => core.fetchHead(id, head, at)),
      bytes: bytes => this.#take(id, fetch, bytes),
      end: () => {
        this.#fetches.delete(id)
        this.#tell(at => core.fetchEnd(id, at))
      },
      failed: (failure, why) => this.#failed(id, fetch, failure, why),
    }
  }

  #take(id: FetchId, fetch: Fetch, bytes: Buffer): void {
    const { copy } = fetch
    if (!copy) return
    if (!copy.hasRoomFor(bytes.length)) {
      fetch.call?.abort()
      this.#failed(id, fetch, 'malformed', 'more bytes than a body may have')
      return
    }
    copy.append(bytes)
    this.#tell(at => {
      const effects = this.#parts.core.fetchBytes(id, bytes.length, at)
      copy.advanceReaders()
      return effects
    })
  }

  #failed(id: FetchId, fetch: Fetch, failure: FetchFailure, why: string): void {
    if (this.#fetches.get(id) !== fetch) return
    const { name, core, log } = this.#parts
    const { upstream } = fetch.plan
    this.#fetches.delete(id)
    log.write({ note: 'fetch-failed', id: `${name}-f${id}`, failure, why, atMs: now() })
    if (failure === 'refused' && upstream.is === 'sibling') this.#parts.siblingRefused(upstream.edge)
    this.#tell(at => core.fetchFailed(id, failure, at))
  }

  // What is thrown inside a callback of the HTTP client would end there as a broken connection, in silence.
  #tell(core: (at: EpochMs) => readonly Effect[]): void {
    try {
      const at = now()
      this.#parts.apply(core(at), at)
    } catch (error) {
      process.stderr.write(`tidegate: ${this.#parts.name}: ${(error as Error).stack}\n`)
      throw error
    }
  }
}
