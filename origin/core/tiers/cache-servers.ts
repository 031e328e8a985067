import { hash32 } from '../../../live/random.ts'
import type { EpochMs } from '../../../live/units.ts'
import { type BreakerConfig, CircuitBreaker, type Passage } from './circuit-breaker.ts'

// Which cache server has a body. Rendezvous hashing gives every body an order of the servers; the first that is not left
// alone has it. All chunks of a body lie together, so that one question asks for all of them. A server that is lost takes
// only its own bodies along, and these move on to the next in their order: what is cached never changes, so that a
// server which comes back with old items has nothing wrong in it.

export interface CacheServer {
  readonly name: string
  readonly breaker: CircuitBreaker
  /** Bytes of writes on their way to it. */
  writingBytes: number
}

export class CacheServers {
  readonly all: readonly CacheServer[]

  constructor(names: readonly string[], config: BreakerConfig) {
    this.all = names.map(name => ({ name, breaker: new CircuitBreaker(config), writingBytes: 0 }))
  }

  /** The server to ask about the body `id`; undefined when all are left alone. */
  pick(id: string, now: EpochMs): { readonly server: CacheServer; readonly passage: Passage } | undefined {
    for (const server of this.orderOf(id)) {
      const passage = server.breaker.admit(now)
      if (passage) return { server, passage }
    }
    return undefined
  }

  /** Every server, first the one that has `id` when all are well. */
  orderOf(id: string): readonly CacheServer[] {
    if (this.all.length === 1) return this.all
    return this.all
      .map(server => ({ server, weight: hash32(`${server.name} ${id}`) }))
      .sort((a, b) => b.weight - a.weight || (a.server.name < b.server.name ? -1 : 1))
      .map(({ server }) => server)
  }
}
