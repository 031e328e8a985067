import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'
import { request } from 'undici'
import { formatIngestAddress, segmentPath } from '../../live/address.ts'
import { eventDefaults, type LiveEvent } from '../../live/event.ts'
import { makeSynthetic } from '../../live/synthetic.ts'
import { captureEnd, capturingNumber } from '../../live/template.ts'
import { between, type Ms, type SegmentNumber } from '../../live/units.ts'
import { clockEnvironment, now } from '../../process/clock.ts'
import { Child } from '../child.ts'
import { ControlClient } from '../control-client.ts'
import { askUntil, until } from '../wait.ts'
import { type HeldAnswer, HeldClients } from './held-clients.ts'

// What an edge adds to a request that is held until publication: 100 clients are held on one segment, through the edge
// and straight at the origin, in turn (direct, edge, edge, direct), so that what else the machine does meets both.
//
// Measured is, for each client, from the publication (the origin's clock, `CMSD-Static: at=`) to its first byte.
// `…_p50` are medians over all clients of all rounds. `…_max` are medians over the rounds of each round's slowest
// client: the slowest of one round alone says more about the machine than about the edge. `hold_added_…` is the
// difference, edge minus direct. `…_worst` is the slowest client of the whole run, for who wants to see it.

export interface HoldOptions {
  readonly clients: number
  /** Rounds on each side that count. */
  readonly rounds: number
  /** Rounds on each side before them, in which code is compiled and connections are warmed. */
  readonly warmUpRounds: number
  readonly bodyBytes: number
}

const defaults: HoldOptions = { clients: 100, rounds: 20, warmUpRounds: 4, bodyBytes: 10_000 }
/** From the last of them being held to the publication: the machine comes to rest. */
const restMs = 40

type Side = 'direct' | 'edge'
const turns: readonly Side[] = ['direct', 'edge', 'edge', 'direct']

/** Runs the benchmark and resolves with its figures. */
export async function benchHold(options: HoldOptions): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-hold-'))
  const bench = await HoldBench.start(options, folder)
  try {
    const rounds: Record<Side, Ms[][]> = { direct: [], edge: [] }
    const [warmUp, all] = [2 * options.warmUpRounds, 2 * (options.warmUpRounds + options.rounds)]
    for (let turn = 0; turn < all; turn++) {
      if (turn % 8 === 0) process.stderr.write(`hold: round ${turn + 1} of ${all}\n`)
      const side = turns[turn % turns.length] as Side
      const waits = await bench.round(side)
      if (turn >= warmUp) rounds[side].push(waits)
    }
    return figuresOf(rounds, options)
  } finally {
    await bench.stop()
    await rm(folder, { recursive: true })
  }
}

/** One origin, one edge, and the clients of both. */
class HoldBench {
  readonly #options: HoldOptions
  readonly #event: LiveEvent
  readonly #publishToken: string
  readonly #children: Child[] = []
  readonly #clients: Partial<Record<Side, HeldClients>> = {}
  readonly #control: Partial<Record<Side, ControlClient>> = {}
  #publishUrl = ''
  #number: SegmentNumber = 0

  private constructor(options: HoldOptions) {
    this.#options = options
    this.#publishToken = randomBytes(16).toString('hex')
    this.#event = {
      ...eventDefaults,
      event: 'hold',
      startMs: now(),
      segmentMs: 500,
      renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1', timescale: 90_000 }],
    }
  }

  static async start(options: HoldOptions, folder: string): Promise<HoldBench> {
    const bench = new HoldBench(options)
    try {
      await bench.#startProcesses(folder)
    } catch (error) {
      await bench.stop()
      throw error
    }
    return bench
  }

  /** One round: how long each client waited for its first byte, from publication on. */
  async round(side: Side): Promise<Ms[]> {
    this.#number = Math.max((this.#number as number) + 1, capturingNumber(this.#event, now()) as number)
    await until(captureEnd(this.#event, this.#number))
    const clients = this.#clients[side] as HeldClients
    const asking = clients.ask(segmentPath(this.#event.event, 'v1', this.#number))
    const publishing = this.#held(side)
      .then(() => sleep(restMs))
      .then(() => this.#publish())
    const [answers, body] = await Promise.all([asking, publishing])
    return answers.map(answer => waitOf(answer, body))
  }

  async stop(): Promise<void> {
    for (const clients of Object.values(this.#clients)) clients.close()
    await Promise.all(this.#children.map(child => child.stop()))
  }

  async #startProcesses(folder: string): Promise<void> {
    const token = randomBytes(16).toString('hex')
    const environment = {
      ...clockEnvironment(),
      TIDEGATE_CONTROL_TOKEN: token,
      TIDEGATE_PUBLISH_TOKEN: this.#publishToken,
    }
    const start = async (role: 'origin' | 'edge', config: object) => {
      const child = await Child.start({ role, name: `hold-${role}`, config, folder, environment })
      this.#children.push(child)
      return child
    }
    const origin = await start('origin', { name: 'hold-origin', event: this.#event, store: { is: 'memory' } })
    const edge = await start('edge', {
      name: 'hold-edge',
      site: 'a',
      origins: [{ url: origin.url('delivery') }],
      events: [this.#event.event],
    })
    this.#publishUrl = origin.url('publish')
    this.#control.direct = new ControlClient(origin.url('control'), token)
    this.#control.edge = new ControlClient(edge.url('control'), token)
    this.#clients.direct = await HeldClients.connect(origin.url('delivery'), this.#options.clients)
    this.#clients.edge = await HeldClients.connect(edge.url('players'), this.#options.clients)
  }

  /** Resolves when every client is held: at the edge, and its one request at the origin, or all at the origin. */
  async #held(side: Side): Promise<void> {
    const { clients } = this.#options
    const wanted: [Side, number][] =
      side === 'direct'
        ? [['direct', clients]]
        : [
            ['edge', clients],
            ['direct', 1],
          ]
    for (const [where, count] of wanted) {
      await askUntil(`${count} held requests`, async () => ((await this.#heldAt(where)) === count ? true : undefined), {
        everyMs: 10,
        withinMs: 2_000,
      })
    }
  }

  async #heldAt(side: Side): Promise<number> {
    const state = (await (this.#control[side] as ControlClient).get('/state')) as { waiting?: number; holds?: number }
    return (side === 'edge' ? state.waiting : state.holds) ?? 0
  }

  async #publish(): Promise<Buffer> {
    const identity = { event: this.#event.event, rendition: 'v1', number: this.#number, pipeline: 'a' }
    const made = makeSynthetic(
      { ...identity, publishedMs: Math.floor(now() as number) },
      this.#options.bodyBytes,
      crc32,
    )
    const body = Buffer.from(made.buffer)
    const answer = await request(this.#publishUrl + formatIngestAddress(identity), {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.#publishToken}`, 'content-type': 'video/mp4' },
      body,
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 300) throw new Error(`the origin answered the PUT with ${answer.statusCode}: ${text}`)
    return body
  }
}

/** From publication to the first byte of an answer that must hold `body`. */
function waitOf({ status, publishedMs, firstByteMs, body }: HeldAnswer, published: Buffer): Ms {
  if (status !== 200 || publishedMs === undefined || !body.equals(published)) {
    throw new Error(`a held client got status ${status} with ${body.length} bytes, which is not what was published`)
  }
  return between(publishedMs, firstByteMs)
}

/** The benchmark's figures, ms. */
export function figuresOf(
  rounds: Readonly<Record<Side, readonly Ms[][]>>,
  options: HoldOptions,
): Record<string, number> {
  const of = (side: Side) => {
    const slowest = rounds[side].map(waits => Math.max(...waits))
    return { p50: median(rounds[side].flat()), max: median(slowest), worst: Math.max(...slowest) }
  }
  const [direct, edge] = [of('direct'), of('edge')]
  const figures = {
    hold_added_ms_p50: edge.p50 - direct.p50,
    hold_added_ms_max: edge.max - direct.max,
    hold_direct_ms_p50: direct.p50,
    hold_direct_ms_max: direct.max,
    hold_direct_ms_worst: direct.worst,
    hold_edge_ms_p50: edge.p50,
    hold_edge_ms_max: edge.max,
    hold_edge_ms_worst: edge.worst,
  }
  const rounded = Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1_000) / 1_000])
  return { ...Object.fromEntries(rounded), hold_clients: options.clients, hold_rounds: options.rounds }
}

/** The middle value; of an even number the mean of the two. */
export function median(values: readonly Ms[]): number {
  const sorted = [...values].sort((a, b) => (a as number) - (b as number)) as number[]
  const middle = sorted.length >> 1
  const high = sorted[middle] as number
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] as number)) / 2
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { clients: { type: 'string' }, rounds: { type: 'string' }, bytes: { type: 'string' } },
  })
  const figures = await benchHold({
    clients: Number(values.clients ?? defaults.clients),
    rounds: Number(values.rounds ?? defaults.rounds),
    warmUpRounds: defaults.warmUpRounds,
    bodyBytes: Number(values.bytes ?? defaults.bodyBytes),
  })
  process.stdout.write(`${JSON.stringify({ bench: 'hold', figures })}\n`)
}
