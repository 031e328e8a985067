import { limits } from '../../live/limits.ts'
import { Connections } from './connections.ts'

// Whose connections a request uses: one pool for each edge, or some for each player and edge, as real players have.

/** The connections to each edge of one player, or of all. */
export class EdgeConnections {
  readonly #limit: number
  readonly #byEdge = new Map<string, Connections>()

  /** @param limit of connections to one edge */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The connections to `edge`, its base URL. */
  to(edge: string): Connections {
    const known = this.#byEdge.get(edge)
    if (known !== undefined) return known
    const made = new Connections(edge, this.#limit)
    this.#byEdge.set(edge, made)
    return made
  }

  /** Closes all of them; requests in flight end as reset. */
  async close(): Promise<void> {
    const all = [...this.#byEdge.values()]
    this.#byEdge.clear()
    await Promise.all(all.map(connections => connections.close()))
  }
}

/** How a fleet connects. */
export class Transport {
  readonly #shared: EdgeConnections | undefined

  /** @param connections `pooled`: all players share; `per-player`: each has its own */
  constructor(connections: 'pooled' | 'per-player') {
    this.#shared = connections === 'pooled' ? new EdgeConnections(limits.fleetConnections) : undefined
  }

  /** What a player uses that has just arrived; it is to be handed back by `leave`. */
  join(): EdgeConnections {
    return this.#shared ?? new EdgeConnections(limits.playerConnections)
  }

  /** A player has gone, and its own connections with it. */
  leave(connections: EdgeConnections): void {
    if (connections !== this.#shared) void connections.close()
  }

  /** Closes what is shared; players take their own with them. */
  async close(): Promise<void> {
    await this.#shared?.close()
  }
}
