import type { Address } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import type { OriginReason, PublishReason } from '../../live/reasons.ts'
import { liveEdge, windowStart } from '../../live/template.ts'
import { between, type EpochMs, type Ms, type SegmentNumber } from '../../live/units.ts'
import type { AccessEntry } from '../../process/access-log-format.ts'
import type { GuardCount } from '../../process/connections.ts'
import { PairCounts } from '../../process/pair-counts.ts'
import { Recorder } from '../../process/recorder.ts'
import type { Part, SegmentCounts } from '../../results/record/part.ts'
import type { StoreObserver } from '../store/segment-store.ts'

// What the origin counts, by the names of docs/processes.md.

/** Numbers this far ahead of the live edge are counted one by one; further ones are a flood of names, only summed up. */
const aheadNumbers = 64
/** A hold that ends later than its bound by more than this is counted as over it. */
const boundSlackMs = 100

interface SegmentBook {
  readonly number: SegmentNumber
  publishedMs: EpochMs | undefined
  readonly sites: Map<string, SegmentCounts>
}

/** What one site asks of this origin: requests since the record began, and those that are held now. */
export interface SiteTraffic {
  requests: number
  held: number
}

/** A request as far as it was held. */
interface Held {
  readonly arrivedMs: EpochMs
  readonly publishedMs: EpochMs | undefined
  readonly headMs: EpochMs | undefined
}

/** What was published before it was asked for was masked, or waited for another candidate. */
const wasReleasedByPublication = ({ arrivedMs, publishedMs }: Held): boolean =>
  publishedMs !== undefined && publishedMs >= arrivedMs

export class OriginBooks implements StoreObserver {
  readonly #whose: { readonly role: 'origin'; readonly name: string; readonly region?: string }
  readonly #sites = new Set<string>()
  /** By site, as bounded as those. */
  readonly #traffic = new Map<string, SiteTraffic>()
  readonly #watchers: ((entry: AccessEntry, at: EpochMs) => void)[] = []
  #recorder: Recorder
  #answers = new PairCounts()
  #heldNow = 0
  #segments = new Map<string, SegmentBook>()
  #windowStart: SegmentNumber = 0
  #heldSecond = 0
  #heldPeak = 0

  constructor(name: string, region?: string) {
    this.#whose = { role: 'origin', name, ...(region === undefined ? {} : { region }) }
    this.#recorder = new Recorder(this.#whose)
  }

  /** Requests of the delivery side that have ended, by reason and status. */
  get answers(): PairCounts {
    return this.#answers
  }

  /** Requests that are held now. */
  get heldNow(): number {
    return this.#heldNow
  }

  counts(): ReadonlyMap<string, number> {
    return this.#recorder.counts()
  }

  /** Everything that is counted, and nothing more than that: the stores' counts, the feed's, the limiter's. */
  count(name: string, by = 1): void {
    this.#recorder.count(name, by)
  }

  /** Everything that is timed, and nothing more than that. */
  time(name: string, durationMs: Ms): void {
    this.#recorder.time(name, durationMs)
  }

  histogram(name: string): ReturnType<Recorder['histogram']> {
    return this.#recorder.histogram(name)
  }

  /** `watcher` is told of every request of the delivery side that has ended. */
  watch(watcher: (entry: AccessEntry, at: EpochMs) => void): void {
    this.#watchers.push(watcher)
  }

  part(): Part {
    return this.#recorder.part()
  }

  /** What each site asks, for somebody who looks in several times a second. */
  traffic(): Readonly<Record<string, SiteTraffic>> {
    return Object.fromEntries(this.#traffic)
  }

  /** The record starts anew; what is known of publications stays. */
  reset(): void {
    this.#recorder = new Recorder(this.#whose)
    this.#answers = new PairCounts()
    for (const traffic of this.#traffic.values()) traffic.requests = 0
    for (const { sites } of this.#segments.values()) sites.clear()
  }

  /** The site as it is counted: `-` for askers that do not say one, or for one too many. */
  siteOf(site: string | undefined): string {
    if (site === undefined || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(site)) return '-'
    if (this.#sites.size < limits.originSites) this.#sites.add(site)
    return this.#sites.has(site) ? site : '-'
  }

  requestArrived(address: Address | undefined, site: string | undefined, now: EpochMs): void {
    this.#trafficOf(site).requests++
    this.#recorder.count('requests')
    this.#recorder.tick('requests', now)
    if (address?.kind === 'segment') this.#recorder.count('requests.segment')
  }

  /** The reason of the verdict at arrival, or what was found wrong with the request. */
  reason(reason: OriginReason): void {
    this.#recorder.count(`requests.reason.${reason}`)
  }

  /** A listener refused or ended something by itself, or a request met one of its limits. */
  guarded(name: GuardCount): void {
    this.#recorder.count(name)
  }

  /** A request of `site` is held (1), or not any more (-1). */
  heldOf(site: string | undefined, change: 1 | -1): void {
    this.#trafficOf(site).held += change
  }

  /** `waiting` requests are held now. */
  held(waiting: number, now: EpochMs): void {
    this.#heldNow = waiting
    this.#recorder.peak('held_max', waiting)
    const second = Math.floor((now as number) / 1_000)
    if (second !== this.#heldSecond) this.#heldPeak = 0
    this.#heldSecond = second
    if (waiting > this.#heldPeak) this.#recorder.tick('held', now, waiting - this.#heldPeak)
    this.#heldPeak = Math.max(this.#heldPeak, waiting)
  }

  /** A hold has ended, with `reason`. */
  holdEnded(heldMs: Ms, boundMs: Ms, reason: OriginReason): void {
    this.#recorder.time('hold_ms', heldMs)
    this.#recorder.count(`holds.reason.${reason}`)
    if ((heldMs as number) > (boundMs as number) + boundSlackMs) this.#recorder.count('holds_over_bound')
  }

  /** Of a request that was held until the publication: from its acknowledgement to the first byte of the answer. */
  heldPublication(held: Held): void {
    const { publishedMs, headMs } = held
    if (wasReleasedByPublication(held) && headMs !== undefined) {
      this.#recorder.time('publish_to_hold_visible_ms', between(publishedMs as EpochMs, headMs))
    }
  }

  /** The body that those waited for was read from this region's store. */
  heldBodyRead(held: Held, region: string, now: EpochMs): void {
    if (wasReleasedByPublication(held)) this.visible(region, held.publishedMs as EpochMs, now)
  }

  /** What was acknowledged in `region` could be read from this region's store. */
  visible(region: string, storedMs: EpochMs, now: EpochMs): void {
    this.#recorder.time(`store.visible_ms.${region}`, between(storedMs, now))
  }

  /** A request of the delivery side has ended. */
  ended(entry: AccessEntry, now: EpochMs): void {
    this.#answers.add(entry.reason, entry.status)
    for (const watcher of this.#watchers) watcher(entry, now)
  }

  /** An answer has been written, or its asker has gone. */
  sent(bytes: number, servedMs: Ms, now: EpochMs): void {
    this.#recorder.count('bytes_sent', bytes)
    this.#recorder.tick('bytes_sent', now, bytes)
    this.#recorder.time('serve_ms', servedMs)
  }

  /** The end of a request for a segment of the event: a fill is a whole 200, fully written; the rest are probes. */
  segmentEnded(
    event: LiveEvent,
    { rendition, number }: { rendition: string; number: SegmentNumber },
    { site, isFill, arrivedMs }: { site: string; isFill: boolean; arrivedMs: EpochMs },
    now: EpochMs,
  ): void {
    if (isFill) this.#recorder.tick('fills', now)
    this.#pruneTo(windowStart(event, now))
    const isNear = number >= this.#windowStart && number <= (liveEdge(event, now) as number) + aheadNumbers
    if (!isNear || !event.renditions.some(({ name }) => name === rendition)) return
    const book = this.#book(rendition, number)
    const counts = this.#recorder.segment(rendition, number, site)
    book.sites.set(site, counts)
    counts.fills = (counts.fills ?? 0) + (isFill ? 1 : 0)
    counts.probes = (counts.probes ?? 0) + (isFill ? 0 : 1)
    const isBefore = book.publishedMs === undefined || arrivedMs < book.publishedMs
    counts.beforePublication = (counts.beforePublication ?? 0) + (isBefore ? 1 : 0)
    counts.publishedMs ??= book.publishedMs
  }

  /** The first candidate of a segment is stored. */
  published(event: LiveEvent, rendition: string, number: SegmentNumber, now: EpochMs): void {
    this.#pruneTo(windowStart(event, now))
    const book = this.#book(rendition, number)
    if (book.publishedMs !== undefined) return
    book.publishedMs = now
    for (const counts of book.sites.values()) counts.publishedMs = now
  }

  putEnded(reason: PublishReason | OriginReason, arrivedMs: EpochMs, now: EpochMs): void {
    this.#recorder.count(`publishes.reason.${reason}`)
    this.#recorder.time('publish_ms', between(arrivedMs, now))
  }

  #trafficOf(site: string | undefined): SiteTraffic {
    const counted = this.siteOf(site)
    const known = this.#traffic.get(counted)
    if (known) return known
    const made: SiteTraffic = { requests: 0, held: 0 }
    this.#traffic.set(counted, made)
    return made
  }

  /** Forgets publications of numbers that have left the window. */
  #pruneTo(first: SegmentNumber): void {
    if (first === this.#windowStart) return
    this.#windowStart = first
    for (const [key, { number }] of this.#segments) if (number < first) this.#segments.delete(key)
  }

  #book(rendition: string, number: SegmentNumber): SegmentBook {
    const key = `${rendition}/${number}`
    const known = this.#segments.get(key)
    if (known) return known
    const made: SegmentBook = { number, publishedMs: undefined, sites: new Map() }
    this.#segments.set(key, made)
    return made
  }
}
