import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { request } from 'undici'
import { findPeer, type PeerName, type PeerVariant, type RunningPeer, startPeer } from '../../edge/peers/peer.ts'
import { formatIngestAddress, segmentPath } from '../../live/address.ts'
import { eventDefaults, type LiveEvent } from '../../live/event.ts'
import { makeSynthetic } from '../../live/synthetic.ts'
import type { SegmentNumber } from '../../live/units.ts'
import { clockEnvironment, now } from '../../process/clock.ts'
import { partSchema } from '../../results/record/part.ts'
import { Child } from '../child.ts'
import { ControlClient } from '../control-client.ts'

// What the comparison of edges stands on: an origin whose segments the benchmark publishes itself, and every edge that
// this machine has before it, each as a site of its own, so that the origin counts them apart.

/** An edge of the comparison by its name in figures: `oca`, `nginx`, `nginx-tuned`, … */
export interface ComparedEdge {
  readonly name: string
  readonly peer?: { readonly kind: PeerName; readonly variant: PeerVariant; readonly version: string }
}

/** HAProxy's stock cache keeps no segment (16 KB at most), so there is nothing of it to compare. */
const compared: readonly [PeerName, PeerVariant][] = [
  ['nginx', 'stock'],
  ['nginx', 'tuned'],
  ['varnish', 'stock'],
  ['varnish', 'tuned'],
  ['trafficserver', 'stock'],
  ['trafficserver', 'tuned'],
  ['haproxy', 'tuned'],
]

/** Ours, and every other that is installed; a line for each that is not. */
export async function comparedEdges(tell: (line: string) => void): Promise<ComparedEdge[]> {
  const edges: ComparedEdge[] = [{ name: 'oca' }]
  for (const [kind, variant] of compared) {
    const found = await findPeer(kind)
    if ('absent' in found) tell(`${kind} (${variant}) is left out: ${found.absent}`)
    else {
      const name = variant === 'stock' ? kind : `${kind}-${variant}`
      edges.push({ name, peer: { kind, variant, version: found.version } })
    }
  }
  return edges
}

export class PeerGround {
  readonly event: LiveEvent
  readonly #folder: string
  readonly #bodyBytes: number
  readonly #tokens = { publish: randomBytes(16).toString('hex'), control: randomBytes(16).toString('hex') }
  readonly #children: Child[] = []
  readonly #peers: RunningPeer[] = []
  readonly #urls = new Map<string, string>()
  #publishUrl = ''
  #control: ControlClient | undefined
  /** Where edges fill from: the origin, or what stands before it. */
  upstream = ''

  private constructor(folder: string, bodyBytes: number) {
    this.#folder = folder
    this.#bodyBytes = bodyBytes
    this.event = {
      ...eventDefaults,
      event: 'peers',
      startMs: now(),
      segmentMs: 500,
      renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1', timescale: 90_000 }],
    }
  }

  /** Starts the origin alone; its delivery listener is the upstream until something else is set. */
  static async start(folder: string, bodyBytes: number): Promise<PeerGround> {
    const ground = new PeerGround(folder, bodyBytes)
    const origin = await ground.#startChild('origin', 'origin', { event: ground.event, store: { is: 'memory' } })
    ground.#publishUrl = origin.url('publish')
    ground.#control = new ControlClient(origin.url('control'), ground.#tokens.control)
    ground.#urls.set('direct', origin.url('delivery'))
    ground.upstream = origin.url('delivery')
    return ground
  }

  /** Starts `edges` before `upstream`. Throws what the first that fails says. */
  async startEdges(edges: readonly ComparedEdge[]): Promise<void> {
    // Where one fails, the others are waited for: only what stands can be stopped.
    const started = await Promise.allSettled(edges.map(edge => this.#startEdge(edge)))
    for (const one of started) if (one.status === 'rejected') throw one.reason
  }

  async #startEdge({ name, peer }: ComparedEdge): Promise<void> {
    if (peer === undefined) {
      const own = { site: name, origins: [{ url: this.upstream }], events: [this.event.event] }
      this.#urls.set(name, (await this.#startChild('edge', name, own)).url('players'))
      return
    }
    const { hostname: host, port } = new URL(this.upstream)
    const running = await startPeer({
      kind: peer.kind,
      variant: peer.variant,
      upstream: { host, port: Number(port) },
      listen: { host: '127.0.0.1', port: 0 },
      edge: name,
      site: name,
    })
    this.#peers.push(running)
    this.#urls.set(name, running.url)
  }

  async stopEdges(): Promise<void> {
    const edges = this.#children.filter(({ role }) => role === 'edge')
    await Promise.all([...edges.map(edge => edge.stop()), ...this.#peers.splice(0).map(peer => peer.stop())])
  }

  async stop(): Promise<void> {
    await this.stopEdges()
    await Promise.all(this.#children.map(child => child.stop()))
  }

  /** Where players ask the edge `name`; `direct` is the origin itself. */
  url(name: string): string {
    const url = this.#urls.get(name)
    if (url === undefined) throw new Error(`there is no edge ${name}`)
    return url
  }

  path(number: SegmentNumber): string {
    return segmentPath(this.event.event, 'v1', number)
  }

  /** Publishes segment `number`; resolves with its body when the origin has it. */
  async publish(number: SegmentNumber): Promise<Buffer> {
    const identity = { event: this.event.event, rendition: 'v1', number, pipeline: 'a' }
    const made = makeSynthetic({ ...identity, publishedMs: Math.floor(now() as number) }, this.#bodyBytes, crc32)
    const body = Buffer.from(made.buffer)
    const answer = await request(this.#publishUrl + formatIngestAddress(identity), {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.#tokens.publish}`, 'content-type': 'video/mp4' },
      body,
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`the origin answered the PUT with ${answer.statusCode}: ${text}`)
    return body
  }

  /** How many requests the origin holds now. */
  async held(): Promise<number> {
    const state = (await (this.#control as ControlClient).get('/state')) as { holds?: number }
    return state.holds ?? 0
  }

  /** How many requests of site `site` for segment `number` reached the origin before its publication. */
  async beforePublication(number: SegmentNumber, site: string): Promise<number> {
    const part = partSchema.parse(await (this.#control as ControlClient).get('/record'))
    const segment = part.segments.find(one => one.number === number && one.site === site)
    return segment?.beforePublication ?? 0
  }

  async #startChild(role: 'origin' | 'edge', name: string, config: object): Promise<Child> {
    const environment = {
      ...clockEnvironment(),
      TIDEGATE_CONTROL_TOKEN: this.#tokens.control,
      TIDEGATE_PUBLISH_TOKEN: this.#tokens.publish,
    }
    const child = await Child.start({ role, name, config: { name, ...config }, folder: this.#folder, environment })
    this.#children.push(child)
    return child
  }
}
