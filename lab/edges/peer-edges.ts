import { PeerError, type RunningPeer, startPeer } from '../../edge/peers/peer.ts'
import { ConfigurationError } from '../../process/configuration.ts'
import type { Contender } from '../contenders.ts'
import { HarnessError } from '../harness-error.ts'
import type { Edges, PlacedEdge } from './edges.ts'

type PeerContender = Extract<Contender, { is: 'peer' }>

const loopback = '127.0.0.1'
const noControl = 'it has no control listener of ours'

/** Another cache in the edge's place: one of its own for each place, told apart at the origin by `Live-Edge`. */
export class PeerEdges implements Edges {
  readonly cannot = { 'flush-edge': noControl }
  readonly #contender: PeerContender
  readonly #origin: () => string
  readonly #running = new Map<string, RunningPeer>()
  /** Those that ended by themselves; what they leave behind is still to be removed. */
  readonly #dead: RunningPeer[] = []
  readonly #addresses = new Map<string, string>()
  readonly #starting = new Set<Promise<RunningPeer>>()
  readonly #death = Promise.withResolvers<HarnessError>()
  #stopped = false

  /** @param origin gives the URL of the origin's delivery listener, once it stands */
  constructor(contender: PeerContender, origin: () => string) {
    this.#contender = contender
    this.#origin = origin
  }

  async start({ edge, site }: PlacedEdge, port: number, signal: AbortSignal): Promise<void> {
    const { kind, variant, configFile, name } = this.#contender
    const { hostname, port: originPort } = new URL(this.#origin())
    const source = configFile === undefined ? { variant } : { configFile }
    const starting = startPeer({
      kind,
      upstream: { host: hostname, port: Number(originPort) },
      listen: { host: loopback, port },
      edge,
      site,
      ...source,
    }).catch((error: unknown) => {
      throw this.#startError(error)
    })
    this.#starting.add(starting)
    const peer = await starting.finally(() => this.#starting.delete(starting))
    if (this.#stopped) {
      await peer.stop()
      throw new HarnessError(`${name} was stopped while it started`)
    }
    this.#running.set(edge, peer)
    this.#addresses.set(edge, peer.url)
    peer.ended.then(how => {
      // Whom we stop is taken out first.
      if (this.#running.get(edge) !== peer) return
      this.#running.delete(edge)
      this.#dead.push(peer)
      this.#death.resolve(new HarnessError(`${name}, standing as ${edge}, ended by itself: ${how}`))
    })
    signal.throwIfAborted()
  }

  url(edge: string): string {
    const url = this.#addresses.get(edge)
    if (url === undefined) throw new HarnessError(`there is no edge ${edge}`)
    return url
  }

  isAlive(edge: string): boolean {
    return this.#running.has(edge)
  }

  async kill(edge: string): Promise<void> {
    const peer = this.#running.get(edge)
    if (peer === undefined) throw new HarnessError(`there is no living edge ${edge}`)
    this.#running.delete(edge)
    await peer.stop(0)
  }

  /** Every one that lives. */
  get all(): { readonly edge: string; readonly pid: number }[] {
    return [...this.#running].map(([edge, { pid }]) => ({ edge, pid }))
  }

  /** Peers know nothing of each other. */
  async introduce(): Promise<void> {}

  get death(): Promise<HarnessError> {
    return this.#death.promise
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const peers = [...this.#running.values(), ...this.#dead]
    this.#running.clear()
    // One that is still on its way sees that it is too late, and stops itself; `start` tells why one failed.
    await Promise.all([...peers.map(peer => peer.stop()), Promise.allSettled(this.#starting)])
  }

  /** A user's own configuration that the software refuses is the user's to mend. */
  #startError(error: unknown): unknown {
    if (!(error instanceof PeerError)) return error
    const message = `${this.#contender.name}: ${error.message}`
    return this.#contender.configFile === undefined ? new HarnessError(message) : new ConfigurationError(message)
  }
}
