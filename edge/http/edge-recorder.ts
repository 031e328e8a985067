import { limits } from '../../live/limits.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import { type Bytes, between, type EpochMs, type Ms } from '../../live/units.ts'
import type { AccessEntry } from '../../process/access-log-format.ts'
import type { GuardCount } from '../../process/connections.ts'
import { PairCounts } from '../../process/pair-counts.ts'
import { Recorder } from '../../process/recorder.ts'
import type { Part } from '../../results/record/part.ts'
import { isCacheable } from '../core/methods.ts'
import type { FetchPlan, Verdict } from '../core/verdict.ts'
import type { Exchange } from './exchange.ts'

// What an edge counts while it runs, by the names of docs/processes.md.

/** How much later than its bound a wait may end before it counts as over it. */
const boundSlackMs = 100

const reasonCount = {
  'player-segment': 'requests.reason',
  'player-other': 'other_requests.reason',
  sibling: 'sibling_requests.reason',
} as const

/** A request that the core was asked about, whichever way it came in. */
export type AskedExchange = Pick<Exchange, 'asker' | 'arrivedMs'>
/** One whose answer has ended. */
export type SentExchange = AccessEntry & Pick<Exchange, 'firstByteMs'>
/** One whose wait has ended. */
export type WaitedExchange = Pick<Exchange, 'arrivedMs' | 'question'> & { waitedMs?: Ms | undefined }

export class EdgeRecorder {
  readonly #name: string
  readonly #site: string
  readonly #watchers: ((entry: AccessEntry, at: EpochMs) => void)[] = []
  #recorder: Recorder
  #answers = new PairCounts()
  #fills = new PairCounts()
  #evictionsBefore = 0
  #waiting = 0
  /** The most that waited in the second under way: the timeline keeps peaks of it. */
  #peak = { second: 0, waiting: 0 }

  constructor(name: string, site: string) {
    this.#name = name
    this.#site = site
    this.#recorder = this.#fresh()
  }

  /** Requests that wait for a fill now. */
  get waiting(): number {
    return this.#waiting
  }

  /** Requests that have ended, by reason and status. */
  get answers(): PairCounts {
    return this.#answers
  }

  /** Requests made upstream, by whom they went to and why. */
  get fills(): PairCounts {
    return this.#fills
  }

  counts(): ReadonlyMap<string, number> {
    return this.#recorder.counts()
  }

  /** `watcher` is told of every request that has ended, however it was answered. */
  watch(watcher: (entry: AccessEntry, at: EpochMs) => void): void {
    this.#watchers.push(watcher)
  }

  /** Begins anew. `evictions`: how many there have been so far; they are counted by the core. */
  reset(evictions: number): void {
    this.#recorder = this.#fresh()
    this.#answers = new PairCounts()
    this.#fills = new PairCounts()
    this.#evictionsBefore = evictions
    this.#peak = { second: 0, waiting: 0 }
  }

  /** A request and what was decided when it arrived. */
  asked(exchange: AskedExchange, verdict: Verdict): void {
    this.#count(exchange.asker, verdict.reason, exchange.arrivedMs)
    const hit = verdict.do === 'serve' && verdict.reason !== 'collapsed'
    if (hit && exchange.asker !== 'sibling') this.#recorder.tick('hits', exchange.arrivedMs)
  }

  /** `count` requests of players with the same verdict; `second` counts them in time. */
  askedAlike(asker: 'player-segment' | 'player-other', reason: EdgeReason, count: number): void {
    this.#recorder.count(`${reasonCount[asker]}.${reason}`, count)
    this.#recorder.count('requests', count)
    if (asker === 'player-segment') this.#recorder.count('requests.segment', count)
  }

  /** How many requests of players came in the second of `at`, and how many of them were answered out of storage. */
  second(at: EpochMs, requests: number, hits: number): void {
    if (requests > 0) this.#recorder.tick('requests', at, requests)
    if (hits > 0) this.#recorder.tick('hits', at, hits)
  }

  /** A request that the core never saw, because HTTP or this program does not allow it. */
  refused(reason: 'refused-malformed' | 'refused-method' | 'refused-loop', at: EpochMs): void {
    this.#count('player-other', reason, at)
  }

  /** The listener refused or ended something by itself, or a request met one of its limits. */
  guarded(name: GuardCount): void {
    this.#recorder.count(name)
  }

  fetched(plan: FetchPlan, at: EpochMs): void {
    const { upstream } = plan
    this.#recorder.count(upstream.is === 'origin' ? 'fetches.origin' : 'fetches.sibling')
    if (upstream.is === 'origin' && upstream.region !== undefined) {
      this.#recorder.count(`fetches.origin.${upstream.region}`)
    }
    this.#recorder.count(`fetches.reason.${plan.reason}`)
    this.#recorder.tick('fetches', at)
    this.#fills.add(plan.upstream.is, plan.reason)
  }

  waits(at: EpochMs): void {
    this.#waiting++
    this.#recorder.peak('waiters_max', this.#waiting)
    const second = Math.floor((at as number) / 1_000)
    if (second !== this.#peak.second) this.#peak = { second, waiting: 0 }
    if (this.#waiting > this.#peak.waiting) {
      this.#recorder.tick('waiting', at, this.#waiting - this.#peak.waiting)
      this.#peak.waiting = this.#waiting
    }
  }

  /** A wait has ended: with an answer, or because the client left. */
  waited(exchange: WaitedExchange, at: EpochMs): void {
    this.#waiting--
    const waitedMs = between(exchange.arrivedMs, at)
    exchange.waitedMs = waitedMs
    this.#recorder.time('wait_ms', waitedMs)
    const boundMs: Ms = exchange.question.sibling?.boundMs ?? limits.edgeWaitMs
    if (isCacheable(exchange.question.method) && waitedMs > (boundMs as number) + boundSlackMs)
      this.#recorder.count('waits_over_bound')
  }

  /** A response has ended, whole or not. */
  sent(exchange: SentExchange, at: EpochMs): void {
    this.ended(exchange, at)
    this.bytesSent(exchange.bodyBytes)
    if (exchange.firstByteMs !== undefined) {
      this.#recorder.time('ttfb_ms', between(exchange.arrivedMs, exchange.firstByteMs))
    }
  }

  /** Takes over waits that were counted elsewhere, and leaves nothing there. */
  takeWaits(waits: { handTo(recorder: Recorder): void; clear(): void }): void {
    waits.handTo(this.#recorder)
    waits.clear()
  }

  bytesSent(bytes: Bytes): void {
    this.#recorder.count('bytes_sent', bytes as number)
  }

  /** A request has ended; where nobody sent it as an exchange, this is called by itself. */
  ended(entry: AccessEntry, at: EpochMs): void {
    this.#answers.add(entry.reason, entry.status)
    for (const watcher of this.#watchers) watcher(entry, at)
  }

  part(evictions: number): Part {
    const part = this.#recorder.part()
    return { ...part, counts: { ...part.counts, evictions: evictions - this.#evictionsBefore } }
  }

  #count(asker: Exchange['asker'], reason: string, at: EpochMs): void {
    this.#recorder.count(`${reasonCount[asker]}.${reason}`)
    if (asker === 'sibling') return
    this.#recorder.count('requests')
    if (asker === 'player-segment') this.#recorder.count('requests.segment')
    this.#recorder.tick('requests', at)
  }

  #fresh(): Recorder {
    const recorder = new Recorder({ role: 'edge', name: this.#name, site: this.#site })
    // A figure over a count that never moved is 0, not missing.
    for (const name of ['requests', 'requests.segment', 'bytes_sent', 'fetches.origin', 'fetches.sibling']) {
      recorder.count(name, 0)
    }
    recorder.count('waits_over_bound', 0)
    recorder.peak('waiters_max', 0)
    return recorder
  }
}
