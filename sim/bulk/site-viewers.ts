import { type Address, formatAddress } from '../../live/address.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import { type FleetPlayer, placeOf } from '../../loadgen/fleet/fleet.ts'
import { Route } from '../../loadgen/fleet/steering.ts'
import { Player } from '../../loadgen/player/player.ts'
import type { PlayerOutput, RequestOutcome } from '../../loadgen/player/player-io.ts'
import { Draws } from '../network/latency.ts'
import type { Agenda } from './agenda.ts'
import { type Latencies, otherKinds } from './layout.ts'
import type { Outcome, Rows } from './rows.ts'
import type { SiteEdge } from './site-edge.ts'
import type { Asker, EdgeAnswer } from './site-edge-io.ts'
import type { SiteWorld } from './site-world.ts'

// The viewers of a simulated site. Each is a whole player core that stands for a cohort: all who have its profile, its
// rung and its phase. Its retry schedule is therefore the player's own, and what fails comes back as later load.

export interface Viewer {
  readonly setup: FleetPlayer
  readonly column: number
  /** Where what it asks is counted, and as how many viewers; undefined: not now. */
  readonly counted: (at: EpochMs) => { readonly rows: Rows; readonly weight: number } | undefined
  readonly bandwidthBitsPerSecond: number | undefined
  /** It is never the first at an edge to ask for a segment. */
  readonly follows: boolean
}

type Request = Extract<PlayerOutput, { do: 'request' }>

interface Asking {
  readonly request: Request
  isOver: boolean
}

export interface CrowdSetup extends Pick<Latencies, 'toEdge' | 'toPlayer'> {
  readonly seed: number
  /** How many real viewers of one edge each stands for: what the cores let in and limit by. */
  readonly count: number
}

/** What all viewers of a site share. */
interface Crowd {
  readonly world: SiteWorld
  readonly count: number
  toEdgeMs(): Ms
  toPlayerMs(): Ms
}

export class SiteViewers {
  readonly #crowd: Crowd

  constructor(world: SiteWorld, { toEdge, toPlayer, seed, count }: CrowdSetup) {
    const toEdgeMs = sumOf(toEdge.map((quantiles, i) => new Draws(quantiles, seed, `bulk/to-edge/${i}`)))
    const toPlayerMs = sumOf(toPlayer.map((quantiles, i) => new Draws(quantiles, seed, `bulk/to-player/${i}`)))
    this.#crowd = { world, count, toEdgeMs, toPlayerMs }
  }

  seat(viewer: Viewer): void {
    const { sites } = this.#crowd.world
    const site = sites[placeOf(viewer.setup.siteFraction, sites.length)] ?? []
    const names = site.map(({ name }) => name)
    const preferred = placeOf(viewer.setup.edgeFraction, names.length)
    const route = new Route([...names.slice(preferred), ...names.slice(0, preferred)])
    new Seat(viewer, route, this.#crowd).plan()
  }
}

/** A way is as long as its parts are together. */
const sumOf = (parts: readonly Draws[]) => (): Ms => {
  let ms = 0
  for (const part of parts) ms += part.next() as number
  return ms
}

class Seat {
  readonly #viewer: Viewer
  readonly #player: Player
  readonly #route: Route
  readonly #crowd: Crowd
  readonly #world: SiteWorld
  readonly #agenda: Agenda
  readonly #asking = new Map<number, Asking>()
  #plannedMs: EpochMs = Infinity
  #linkBusyUntilMs: EpochMs = 0

  constructor(viewer: Viewer, route: Route, crowd: Crowd) {
    this.#viewer = viewer
    this.#player = new Player(viewer.setup)
    this.#route = route
    this.#crowd = crowd
    this.#world = crowd.world
    this.#agenda = crowd.world.agenda
  }

  plan(): void {
    const next = this.#player.nextWakeMs()
    if (next === undefined || next >= this.#plannedMs || next === Infinity) return
    this.#plannedMs = next
    this.#agenda.at(next, () => {
      if (next !== this.#plannedMs) return
      this.#plannedMs = Infinity
      this.#take(this.#player.wake(this.#agenda.now))
    })
  }

  #take(outputs: readonly PlayerOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'request') this.#ask(output)
      else if (output.do === 'abort') this.#drop(output.request)
      else this.#note(output)
    }
    this.plan()
  }

  #drop(request: number): void {
    const asking = this.#asking.get(request)
    if (asking) asking.isOver = true
    this.#asking.delete(request)
  }

  #note(note: Extract<PlayerOutput, { do: 'note' }>): void {
    if (note.note !== 'rebuffer' && note.note !== 'gave-up') return
    const counted = this.#viewer.counted(this.#agenda.now)
    if (!counted) return
    counted.rows.notes[note.note === 'rebuffer' ? 'rebuffers' : 'gaveUp'] += counted.weight
  }

  #ask(request: Request): void {
    const asking: Asking = { request, isOver: false }
    this.#asking.set(request.request, asking)
    const sentMs = this.#agenda.now
    const edge = this.#world.edgeNamed(this.#route.edgeAt(sentMs))
    this.#agenda.at(after(sentMs, this.#crowd.toEdgeMs()), () => this.#arrive(asking, edge, sentMs))
  }

  #arrive(asking: Asking, edge: SiteEdge, sentMs: EpochMs): void {
    if (asking.isOver) return
    const { address } = asking.request
    const counted = this.#viewer.counted(this.#agenda.now)
    if (counted) this.#countRequest(counted, address)
    const atMs = this.#agenda.now
    const question = {
      method: 'GET',
      path: formatAddress(address),
      ...(address.kind === 'segment' ? {} : { headers: {} }),
    }
    const ask = (asker: Asker) => {
      if (asking.isOver) return
      this.#world.weightOfOwn = (counted?.weight ?? 0) / this.#crowd.count
      edge.request(question, asker)
    }
    const asker: Asker = {
      count: this.#crowd.count,
      answered: answer => {
        const isLater = edge.hadAnswer(question.path, atMs)
        if (counted) this.#countOutcome(counted, address, answer, { atMs, isLater })
        this.#answered(asking, answer, sentMs)
      },
      failed: how => {
        if (counted && address.kind === 'segment') counted.rows.addOutcome('failed', atMs, counted.weight)
        this.#failed(asking, edge, how, sentMs)
      },
    }
    const follower: Asker = { ...asker, askAgain: mayBegin => ask(mayBegin ? asker : follower) }
    ask(this.#viewer.follows && address.kind === 'segment' ? follower : asker)
    // Most are answered at once; only who waits may be kept waiting for too long.
    if (asking.isOver) return
    this.#agenda.at(asking.request.firstByteByMs, () => {
      if (!asking.isOver) this.#end(asking, 'timeout', sentMs, sentMs, 0)
    })
  }

  #countRequest({ rows, weight }: { rows: Rows; weight: number }, address: Address): void {
    const { column, follows } = this.#viewer
    const { now } = this.#agenda
    if (address.kind === 'segment') rows.addSegment(column, address.rendition, address.number as number, now, weight)
    else
      rows.addOther(column, otherKinds[otherKinds.indexOf(address.kind)] ?? 'manifest', now, {
        weight,
        isThere: !follows,
      })
  }

  #countOutcome(
    { rows, weight }: { rows: Rows; weight: number },
    address: Address,
    answer: EdgeAnswer,
    { atMs, isLater }: { atMs: EpochMs; isLater: boolean },
  ): void {
    if (address.kind !== 'segment') return
    const outcome = outcomeOf(answer)
    rows.addOutcome(outcome, atMs, weight)
    if (outcome === 'collapsed' && isLater) {
      rows.addJoinedLater(address.rendition, address.number as number, atMs, weight)
    }
  }

  #answered(asking: Asking, answer: EdgeAnswer, sentMs: EpochMs): void {
    if (asking.isOver) return
    const { bandwidthBitsPerSecond } = this.#viewer
    const wayMs = this.#crowd.toPlayerMs()
    const firstByteMs = after(this.#agenda.now, wayMs)
    const linkMs = bandwidthBitsPerSecond ? (answer.bodyBytes * 8_000) / bandwidthBitsPerSecond : 0
    const fromMs = Math.max(firstByteMs as number, this.#linkBusyUntilMs as number)
    const lastByteMs = Math.max(fromMs + linkMs, (answer.wholeMs as number) + (wayMs as number))
    this.#linkBusyUntilMs = lastByteMs
    this.#countAnswer(answer.status)
    const { request } = asking.request
    const { playlist } = answer
    asking.isOver = true
    this.#agenda.at(lastByteMs, () => {
      if (!this.#asking.delete(request)) return
      const outcome = { request, result: answer.status, sentMs, firstByteMs, lastByteMs, bodyBytes: answer.bodyBytes }
      this.#take(this.#player.responded({ ...outcome, playlist }, this.#agenda.now))
    })
  }

  #failed(asking: Asking, edge: SiteEdge, how: 'refused' | 'reset', sentMs: EpochMs): void {
    const counted = this.#viewer.counted(this.#agenda.now)
    if (counted) counted.rows.notes.failures += counted.weight
    this.#agenda.at(after(this.#agenda.now, this.#crowd.toPlayerMs()), () => {
      if (how === 'refused') this.#route.refused(edge.name, this.#agenda.now)
      this.#end(asking, how, sentMs, sentMs, 0)
    })
  }

  #countAnswer(status: number): void {
    const counted = this.#viewer.counted(this.#agenda.now)
    if (!counted || status < 400) return
    counted.rows.notes[status >= 500 ? 'status5xx' : 'status404'] += counted.weight
  }

  #end(
    asking: Asking,
    result: RequestOutcome['result'],
    sentMs: EpochMs,
    firstByteMs: EpochMs,
    bodyBytes: number,
  ): void {
    if (asking.isOver) return
    asking.isOver = true
    const { request } = asking.request
    if (!this.#asking.delete(request)) return
    const lastByteMs = this.#agenda.now
    this.#take(this.#player.responded({ request, result, sentMs, firstByteMs, lastByteMs, bodyBytes }, lastByteMs))
  }
}

/** What became of a request at the edge, in the words of the bulk's rows. */
function outcomeOf({ status, reason, collapsed }: EdgeAnswer): Outcome {
  if (reason.startsWith('refused')) return 'refused'
  if (status >= 400) return 'negative'
  if (collapsed || reason === 'collapsed') return 'collapsed'
  return reason === 'hit' || reason === 'stale-error' || reason === 'stale-updating' ? 'hit' : 'forwarded'
}
