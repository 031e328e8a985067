import type { EpochMs, Ms } from '../../live/units.ts'
import type { OriginCore } from '../../origin/core/origin-core.ts'
import type { Candidate, PutBody } from '../../origin/core/verdict.ts'
import type { OriginBooks } from '../../origin/http/origin-books.ts'
import type { Cores } from '../network/cores.ts'
import type { SharedLink } from '../network/shared-link.ts'
import type { Ground } from './ground.ts'
import type { StoreEnded, Target } from './kept-bodies.ts'
import type { SimStorage } from './storage.ts'
import { SimTier } from './tier.ts'

// The store as one origin process uses it, in virtual time: what origin/http/origin-store.ts does over a real one. Every
// operation is bounded in time, counted and timed by the same names; of several who want one body, one reads it.

export interface OriginStoreParts {
  readonly ground: Ground
  readonly storage: SimStorage
  readonly region: string
  readonly core: OriginCore
  readonly books: OriginBooks
  readonly cores: Cores
}

export interface SimStoreFaults {
  /** Every operation begins so much later. */
  readonly slowMs: Ms
  /** No operation succeeds. */
  readonly fails: boolean
}

export class SimOriginStore {
  readonly #parts: OriginStoreParts
  readonly #link: SharedLink
  readonly #tier: SimTier | undefined
  readonly #reads = new Map<string, StoreEnded[]>()
  #faults: SimStoreFaults = { slowMs: 0, fails: false }
  #isClosed = false

  constructor(parts: OriginStoreParts) {
    const { ground, storage, region } = parts
    this.#parts = parts
    this.#link = ground.link(ground.calibration.links.store.bitsPerSecond)
    const servers = storage.cachesOf(region)
    const readBelow = (candidate: Candidate, bytes: number, now: EpochMs, ended: StoreEnded) =>
      this.#readBelow(candidate, bytes, now, ended)
    this.#tier = servers.length > 0 ? new SimTier({ ...parts, servers, readBelow }) : undefined
  }

  setFaults(given: Partial<SimStoreFaults>): void {
    this.#faults = { ...this.#faults, ...given }
  }

  /** Its process is gone: nobody hears how an operation ends. */
  close(): void {
    this.#isClosed = true
    this.#tier?.close()
  }

  /** Reads the body of `candidate`. */
  read(candidate: Candidate, now: EpochMs, ended: StoreEnded): void {
    const { core, books } = this.#parts
    const { pipeline, rendition, number, etag } = candidate
    const name = `${pipeline}/${rendition}/${number ?? 'init'} ${etag}`
    const running = this.#reads.get(name)
    if (running) {
      books.count('store_reads_shared')
      running.push(ended)
      return
    }
    const waiting = [ended]
    this.#reads.set(name, waiting)
    books.count('store_reads')
    if (number === undefined) books.count('store_reads.init')
    this.#bounded(
      now,
      (at, done) => this.#get(candidate, at, done),
      (fault, at) => {
        this.#reads.delete(name)
        const durationMs = (at as number) - (now as number)
        books.time('store_read_ms', durationMs)
        const { isSlow, began } = core.readEnded({ durationMs, failed: fault === 'unavailable' }, at)
        books.count('limiter.reads')
        if (isSlow) books.count('limiter.slow_reads')
        if (began) books.count('limiter.started')
        if (fault !== undefined) books.count(`store.${fault}`)
        for (const each of waiting) each(fault, at)
      },
    )
  }

  /** Reads the body of a candidate that may not be in this store yet. */
  look(candidate: Candidate, now: EpochMs, ended: StoreEnded): void {
    this.#parts.books.count('store_reads')
    this.#bounded(now, (at, done) => this.#get(candidate, at, done), ended)
  }

  /** Keeps the whole body of a PUT. */
  put(body: PutBody, now: EpochMs, ended: StoreEnded): void {
    const { ground, storage, region, cores, books } = this.#parts
    const { pipeline, rendition, number, etag, bodyBytes, defects } = body
    const candidate = { pipeline, rendition, number, etag, bodyBytes, defects, storedMs: now }
    books.count('store_writes')
    const write = (from: EpochMs, done: StoreEnded) => {
      ground.agenda.at(ground.labour.storeWrite.doneBeside(cores, bodyBytes as number, from), at => {
        if (this.#isClosed) return
        if (!storage.of(region).answers) done('unavailable', at)
        else if (!storage.put(candidate, region, at)) done('conflict', at)
        else {
          done(undefined, at)
          this.#tier?.published(candidate, at)
        }
      })
    }
    this.#bounded(now, write, (fault, at) => {
      books.time('store_write_ms', (at as number) - (now as number))
      ended(fault, at)
    })
  }

  /** Nobody waits for it. */
  remove(target: Target, now: EpochMs): void {
    const { storage, region } = this.#parts
    const known = storage.of(region).find(target)
    storage.remove(target, region)
    if (known) this.#tier?.removed(known, now)
  }

  #get(candidate: Candidate, now: EpochMs, ended: StoreEnded): void {
    if (this.#tier) this.#tier.read(candidate, now, ended)
    else this.#readBelow(candidate, candidate.bodyBytes as number, now, ended)
  }

  #readBelow(candidate: Candidate, bytes: number, now: EpochMs, ended: StoreEnded): void {
    const { ground, storage, region, cores } = this.#parts
    ground.carry(this.#link, bytes, ground.labour.storeRead.doneBeside(cores, bytes, now), doneMs => {
      ground.agenda.at(doneMs, at => {
        if (this.#isClosed) return
        const kept = storage.of(region)
        if (!kept.answers) ended('unavailable', at)
        else ended(kept.find(candidate)?.etag === candidate.etag ? undefined : 'missing', at)
      })
    })
  }

  /** An operation under the fault switches, and within a segment's time. */
  #bounded(now: EpochMs, operate: (from: EpochMs, done: StoreEnded) => void, ended: StoreEnded): void {
    const { ground } = this.#parts
    const { agenda } = ground
    const { slowMs, fails } = this.#faults
    let isOver = false
    const end: StoreEnded = (fault, at) => {
      if (isOver || this.#isClosed) return
      isOver = true
      ended(fault, at)
    }
    const budget = agenda.at((now as number) + (ground.event.segmentMs as number), at => end('unavailable', at))
    const done: StoreEnded = (fault, at) => {
      if (isOver) return
      agenda.takeBack(budget)
      end(fault, at)
    }
    const begin = (at: EpochMs) => (fails ? done('unavailable', at) : operate(at, done))
    if ((slowMs as number) === 0) begin(now)
    else agenda.at((now as number) + (slowMs as number), begin)
  }
}
