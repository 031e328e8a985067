import { after, type EpochMs, type Ms } from '../../../live/units.ts'
import type { CacheServer, CacheServers } from './cache-servers.ts'
import type { Passage } from './circuit-breaker.ts'
import type { Flight } from './flight.ts'
import type { AskId, TierEffect } from './tier-effect.ts'

// The asks of cache servers that are under way, each with its bound, and what their ends say about the server.

export interface CacheAsk {
  readonly id: AskId
  readonly is: 'read' | 'publish' | 'fill' | 'delete'
  readonly server: CacheServer
  readonly passage: Passage
  /** A deletion belongs to none. */
  readonly flight: Flight | undefined
  readonly chunks: readonly number[]
  /** Bytes that it writes. */
  readonly bytes: number
  readonly sentMs: EpochMs
  readonly untilMs: EpochMs
}

export interface AskBounds {
  readonly readMs: Ms
  readonly writeMs: Ms
}

export class CacheAsks {
  readonly #bounds: AskBounds
  /** Apart, because all of one kind have the same bound: the first to be asked is the first to be late. */
  readonly #reads = new Map<AskId, CacheAsk>()
  readonly #changes = new Map<AskId, CacheAsk>()

  constructor(bounds: AskBounds) {
    this.#bounds = bounds
  }

  add(ask: Omit<CacheAsk, 'sentMs' | 'untilMs'>, now: EpochMs): void {
    const isRead = ask.is === 'read'
    const untilMs = after(now, isRead ? this.#bounds.readMs : this.#bounds.writeMs)
    ask.server.writingBytes += ask.bytes
    ask.flight?.asks.add(ask.id)
    ;(isRead ? this.#reads : this.#changes).set(ask.id, { ...ask, sentMs: now, untilMs })
  }

  /** Takes out an ask that has ended; undefined when it was abandoned. */
  take(id: AskId): CacheAsk | undefined {
    const ask = this.#reads.get(id) ?? this.#changes.get(id)
    if (!ask) return undefined
    this.#reads.delete(id)
    this.#changes.delete(id)
    ask.server.writingBytes -= ask.bytes
    ask.flight?.asks.delete(id)
    return ask
  }

  /** Takes out the asks whose bound has come. */
  takeLate(now: EpochMs): CacheAsk[] {
    const late: CacheAsk[] = []
    for (const asks of [this.#reads, this.#changes]) {
      for (const ask of asks.values()) {
        if (ask.untilMs > now) break
        late.push(ask)
      }
    }
    for (const { id } of late) this.take(id)
    return late
  }

  /** When the next ask is late. */
  nextLateMs(): EpochMs | undefined {
    let nextMs: EpochMs | undefined
    for (const asks of [this.#reads, this.#changes]) {
      for (const { untilMs } of asks.values()) {
        nextMs = nextMs === undefined ? untilMs : Math.min(nextMs as number, untilMs as number)
        break
      }
    }
    return nextMs
  }
}

/** The server of `ask` answered it. */
export function noteSuccess({ server, passage }: CacheAsk): TierEffect[] {
  return server.breaker.succeeded(passage) ? [{ do: 'resume', server: server.name }] : []
}

/** The server of `ask` did not. */
export function noteFailure(
  { server, passage, sentMs }: CacheAsk,
  reason: 'cache-slow' | 'cache-failed',
  now: EpochMs,
): TierEffect[] {
  const count: TierEffect = { do: 'count', name: reason === 'cache-slow' ? 'timeouts' : 'failures', by: 1 }
  const untilMs = server.breaker.failed(passage, sentMs, now)
  if (untilMs === undefined) return [count]
  return [count, { do: 'count', name: 'rests', by: 1 }, { do: 'rest', server: server.name, untilMs, reason }]
}

/** The server for a write of `bytes` on behalf of `id`; undefined when none may be asked or has room. */
export function pickForWrite(servers: CacheServers, id: string, bytes: number, limitBytes: number, now: EpochMs) {
  const picked = servers.pick(id, now)
  // A trial is let through whatever is on its way: what was there when the server began to fail is given up by then.
  return picked && (picked.passage === 'trial' || picked.server.writingBytes + bytes <= limitBytes) ? picked : undefined
}
