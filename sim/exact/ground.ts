import type { LiveEvent } from '../../live/event.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import {
  afterMsOf,
  type Calibration,
  CalibrationError,
  cpuMsOf,
  isEmbedded,
  type Work,
  type WorkName,
} from '../calibration.ts'
import type { DecisionHash } from '../decision-hash.ts'
import type { Media } from '../media.ts'
import type { Cores } from '../network/cores.ts'
import { Hearing } from '../network/hearing.ts'
import { Draws, Way } from '../network/latency.ts'
import { Machine } from '../network/machine.ts'
import { Pauses } from '../network/pauses.ts'
import { type Flow, SharedLink } from '../network/shared-link.ts'
import type { Objects } from '../objects.ts'
import { type Agenda, noCall } from './agenda.ts'

// What all parts of an exact world stand on: its agenda, its calibration, its ways, and the hash of its decisions.

/** Work of one kind: what it costs, and what passes beside it. */
export class Labour {
  readonly #work: Work
  readonly #beside: Draws
  readonly #elsewhere: boolean

  /** @param elsewhere what passes beside it passes in another process, which this world does not simulate */
  constructor(work: Work, seed: number, name: string, elsewhere = false) {
    this.#work = work
    this.#elsewhere = elsewhere
    this.#beside = new Draws(work.besideMs, seed, `work/${name}`)
  }

  /** The CPU that it takes for a body of `bytes`. */
  cpuMs(bytes = 0): Ms {
    return cpuMsOf(this.#work, bytes)
  }

  /** Done by `cores`, which tells several something at `now`: when this one has its answer. */
  toldBy(cores: Cores, bytes: number, now: EpochMs): EpochMs {
    return (cores.tell(this.cpuMs(bytes), now, this.afterMs(bytes)) as number) + (this.#beside.next() as number)
  }

  /** Done by `cores`, beginning at `now`: when it is done. */
  doneBy(cores: Cores, bytes: number, now: EpochMs): EpochMs {
    return (cores.work(this.cpuMs(bytes), now, this.afterMs(bytes)) as number) + (this.#beside.next() as number)
  }

  /** The same, but that what follows comes later. */
  begunBy(cores: Cores, bytes: number, now: EpochMs): EpochMs {
    return (cores.work(this.cpuMs(bytes), now) as number) + (this.#beside.next() as number)
  }

  /** Done by other threads of the process of `cores` for the most part, or elsewhere: when it is done. */
  doneBeside(cores: Cores, bytes: number, now: EpochMs): EpochMs {
    if (this.#elsewhere) return this.doneBy(cores, bytes, now)
    const begunMs = cores.work(this.cpuMs(bytes), now, this.afterMs(bytes)) as number
    return begunMs + (cores.beside(this.#beside.next(), now) as number) - (now as number)
  }

  /** The CPU that it goes on to occupy when its answer has left. */
  afterMs(bytes = 0): Ms {
    return afterMsOf(this.#work, bytes)
  }

  /** A request is put down by `cores` to wait. */
  putDown(cores: Cores, now: EpochMs): void {
    cores.work(0, now, this.#work.arrivalMs ?? 0)
  }

  /** A body of `bytes` that was asked for has come to `cores`. */
  bodyCame(cores: Cores, bytes: number, now: EpochMs): void {
    const ofBodyMs = (this.cpuMs(bytes) as number) - (this.cpuMs() as number)
    cores.work(0, now, ofBodyMs + (this.afterMs(bytes) as number) - (this.afterMs() as number))
  }

  /** What passes beside the CPU's work. */
  besideMs(): Ms {
    return this.#beside.next()
  }
}

export interface GroundParts {
  readonly agenda: Agenda
  readonly calibration: Calibration
  readonly event: LiveEvent
  readonly objects: Objects
  readonly media: Media
  readonly hash: DecisionHash
  readonly seed: number
  /** Where origins keep segments, by its name in the calibration. */
  readonly store: string
}

export class Ground {
  readonly agenda: Agenda
  readonly calibration: Calibration
  readonly event: LiveEvent
  readonly objects: Objects
  readonly media: Media
  readonly hash: DecisionHash
  readonly seed: number
  /** The one that all processes share; undefined: each has its own. */
  readonly machine: Machine | undefined
  readonly #hearing: Hearing
  /** Every process hears of what comes at the instant of its coming. */
  readonly hearsAtOnce: boolean
  readonly ways: Readonly<Record<keyof Calibration['latency'] | 'originOrigin', Way>>
  readonly labour: Readonly<Record<WorkName | 'storeRead' | 'storeWrite' | 'cacheRead' | 'cacheWrite', Labour>>

  constructor(parts: GroundParts) {
    const { calibration, seed, store } = parts
    this.agenda = parts.agenda
    this.calibration = calibration
    this.event = parts.event
    this.objects = parts.objects
    this.media = parts.media
    this.hash = parts.hash
    this.seed = seed
    const { machine } = calibration.cores
    this.#hearing = new Hearing(calibration.cores, seed)
    this.hearsAtOnce = this.#hearing.isAtOnce
    this.machine = machine === null ? undefined : new Machine(machine)
    const way = (name: keyof Calibration['latency']) => new Way(calibration, calibration.latency[name], seed, name)
    this.ways = {
      playerEdge: way('playerEdge'),
      edgeSibling: way('edgeSibling'),
      edgeOrigin: way('edgeOrigin'),
      pipelineOrigin: way('pipelineOrigin'),
      // From one origin to another, of its region or another one: as far as edges are.
      originOrigin: new Way(calibration, calibration.latency.edgeOrigin, seed, 'originOrigin'),
    }
    const { read, write } = storeOf(calibration, store)
    // Nobody asks a cache where there is none.
    const cache = calibration.stores.memcached ?? storeOf(calibration, store)
    const work = {
      ...calibration.work,
      storeRead: read,
      storeWrite: write,
      cacheRead: cache.read,
      cacheWrite: cache.write,
    }
    const elsewhere: readonly string[] = isEmbedded(store) ? [] : ['storeRead', 'storeWrite']
    this.labour = Object.fromEntries(
      Object.entries(work).map(([name, one]) => [name, new Labour(one, seed, name, elsewhere.includes(name))]),
    ) as Ground['labour']
  }

  /** A link of this world, with its one event. */
  link(bitsPerSecond: number | null, flowBitsPerSecond?: number): SharedLink {
    const { agenda } = this
    let call = noCall
    const link: SharedLink = new SharedLink({
      bitsPerSecond,
      flowBitsPerSecond,
      endsAt: at => {
        agenda.takeBack(call)
        call =
          (at as number) === Infinity
            ? noCall
            : agenda.at(at, now => {
                call = noCall
                link.settle(now)
              })
      },
    })
    return link
  }

  /** `then` is called when `bytes` that begin to leave at `fromMs` have gone through `link`. */
  carry(link: SharedLink, bytes: number, fromMs: EpochMs, then: (at: EpochMs) => void): void {
    if (!link.isBound) {
      then(fromMs)
      return
    }
    const flow: Flow = { through: then }
    this.agenda.at(fromMs, now => link.send(flow, bytes, now))
  }

  /** Something has come to the process of `cores` at `now`: `then` is called when that comes to it. */
  comesTo(cores: Cores, now: EpochMs, then: (at: EpochMs) => void): void {
    this.onceAt(this.comesAt(cores, now), now, then)
  }

  /** When it has heard of what came at `now`, and its event loop has done what was there before. */
  comesAt(cores: Cores, now: EpochMs): EpochMs {
    return cores.work(0, this.hears(cores, now))
  }

  /** `then` is called at `at`, and at once where that is not after `now`. */
  onceAt(at: EpochMs, now: EpochMs, then: (at: EpochMs) => void): void {
    if (at <= now) then(now)
    else this.agenda.at(at, then)
  }

  /** A packet comes to the process of `cores` at `now`: when it hears of it. */
  hears(cores: Cores, now: EpochMs): EpochMs {
    if (this.hearsAtOnce) return now
    const heardMs = now + this.#hearing.takesMs(cores.idleMs(now))
    // A process wakes once, and then hears of everything that has come.
    cores.hearsAtMs = cores.hearsAtMs >= now ? Math.min(heardMs, cores.hearsAtMs) : heardMs
    return cores.hearsAtMs
  }

  /** When a process of this role stands still; undefined: never. */
  pausesOf(role: keyof Calibration['cores']['pauses'], name: string): Pauses | undefined {
    const calibrated = this.calibration.cores.pauses[role]
    return calibrated && new Pauses(calibrated, this.seed, name)
  }

  /** How long a new connection takes before its first request can leave. */
  setUpMs(way: Way): Ms {
    const { roundTrips } = this.calibration.connection
    let ms = 0
    for (let i = 0; i < roundTrips; i++) ms += way.roundTripMs() as number
    return ms
  }
}

function storeOf({ stores }: Calibration, name: string): NonNullable<Calibration['stores'][string]> {
  const found = stores[name]
  if (found) return found
  throw new CalibrationError(
    `the calibration says nothing of the store '${name}', but of: ${Object.keys(stores).join(', ')}`,
  )
}
