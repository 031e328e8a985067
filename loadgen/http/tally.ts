import type { LiveEvent } from '../../live/event.ts'
import { captureEnd } from '../../live/template.ts'
import type { EpochMs } from '../../live/units.ts'
import type { Recorder } from '../../process/recorder.ts'
import type { Part, SegmentCounts } from '../../results/record/part.ts'
import type { PlayerOutput } from '../player/player-io.ts'
import type { Exchange, Result } from './exchange.ts'
import { nearestCache } from './response-fields.ts'
import { WaitBuckets } from './wait-buckets.ts'

// What a fleet counts, by the names of docs/processes.md.

type Note = Extract<PlayerOutput, { do: 'note' }>

/** One player, as far as counting needs to know it. */
export interface CountedPlayer {
  readonly joinMs: EpochMs
  rebuffered: boolean
}

/** A segment counts as live when it was published no longer than this before the planned request. */
const liveWithinMs = 10_000

export class Tally {
  readonly #make: () => Recorder
  readonly #event: LiveEvent
  #recorder: Recorder
  /** By path: what was seen of the segment. Cleared with the record, and as bounded as its segments are. */
  #segments = new Map<string, SegmentCounts>()
  #playersNow = 0
  readonly #waits = new WaitBuckets()

  /** @param make gives an empty recorder: one at the start and one at each `reset` */
  constructor(event: LiveEvent, make: () => Recorder) {
    this.#event = event
    this.#make = make
    this.#recorder = make()
  }

  get playersNow(): number {
    return this.#playersNow
  }

  /** The record starts anew; who is there stays there. */
  reset(): void {
    this.#recorder = this.#make()
    this.#segments = new Map()
    this.#recorder.peak('players_now_max', this.#playersNow)
  }

  /** What is counted, for somebody who looks in several times a second. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#recorder.counts())
  }

  /** Waits from publication to first byte, by bucket; never begun anew, so that a reader can take differences. */
  waits(): number[] {
    return this.#waits.counts()
  }

  part(): Part {
    return this.#recorder.part()
  }

  /** Once a second. */
  second(at: EpochMs): void {
    this.#recorder.tick('players', at, this.#playersNow)
  }

  note(player: CountedPlayer, output: Note, at: EpochMs): void {
    const recorder = this.#recorder
    switch (output.note) {
      case 'joined':
        recorder.count('players_joined')
        recorder.peak('players_now_max', ++this.#playersNow)
        break
      case 'left':
        recorder.count('players_left')
        this.#playersNow--
        break
      case 'started':
        recorder.time('startup_ms', (at as number) - (player.joinMs as number))
        break
      case 'rebuffer':
        recorder.count('rebuffers')
        if (!player.rebuffered) recorder.count('players_rebuffered')
        player.rebuffered = true
        recorder.time('rebuffer_ms', output.lastedMs)
        break
      case 'gave-up':
        recorder.count('gave_up')
        break
      case 'switch-up':
        recorder.count('switches_up')
        break
      case 'switch-down':
        recorder.count('switches_down')
    }
  }

  /** An exchange has ended; it was sent, however it ended. */
  ended(exchange: Exchange, result: Result): void {
    const { ask, sentMs, firstByteMs, lastByteMs, bodyBytes, status } = exchange
    const recorder = this.#recorder
    const isSegment = ask.address?.kind === 'segment'
    recorder.count('bytes_received', bodyBytes)
    recorder.tick('bytes_received', lastByteMs, bodyBytes)
    if (isSegment) this.#cacheStatus(exchange)
    if (typeof result === 'string' && result !== 'wrong-body') {
      recorder.count(`failures.${result}`)
      return
    }
    if (status === undefined) return
    recorder.count(`responses.status.${status}`)
    recorder.time('ttfb_ms', (firstByteMs as number) - (sentMs as number))
    if (result === 'wrong-body') {
      recorder.count('wrong_bodies')
      recorder.count(`wrong_bodies.${exchange.wrong}`)
    } else if (status === 200 && isSegment) {
      this.#segmentCame(exchange)
    }
    if (status === 404) this.#notFound(exchange)
    else if (status >= 500) recorder.tick('status_5xx', firstByteMs)
  }

  /** A request was handed to a connection. */
  sent({ ask, sentMs }: Exchange): void {
    const recorder = this.#recorder
    recorder.count('requests')
    if (ask.address?.kind === 'segment') recorder.count('requests.segment')
    recorder.tick('requests', sentMs)
    recorder.time('lag_ms', (sentMs as number) - (ask.plannedMs as number))
  }

  /** A request found no connection for as long as its player would wait: the generator could not keep up. */
  neverSent({ ask }: Exchange, at: EpochMs): void {
    this.#recorder.count('requests_never_sent')
    this.#recorder.time('lag_ms', (at as number) - (ask.plannedMs as number))
  }

  /** A player took a request back: it goes to another rung or place, or has waited for the whole of it long enough. */
  aborted(): void {
    this.#recorder.count('requests_aborted')
  }

  #segmentCame({ ask, availableMs, firstByteMs, lastByteMs }: Exchange): void {
    if (availableMs === undefined) return
    const segment = this.#segment(ask)
    segment.publishedMs = Math.min(segment.publishedMs ?? Infinity, availableMs as number)
    const plannedMs = ask.plannedMs as number
    if ((availableMs as number) < plannedMs - liveWithinMs) return
    const fromMs = Math.max(availableMs as number, plannedMs)
    this.#waits.add((firstByteMs as number) - fromMs)
    this.#recorder.time('publication_to_first_byte_ms', (firstByteMs as number) - fromMs)
    this.#recorder.time('publication_to_last_byte_ms', (lastByteMs as number) - fromMs)
  }

  #notFound({ ask, sentMs, firstByteMs, lastByteMs }: Exchange): void {
    const recorder = this.#recorder
    recorder.tick('status_404', firstByteMs)
    if (ask.address?.kind !== 'segment') return
    const segment = this.#segment(ask)
    segment.last404Ms = Math.max(segment.last404Ms ?? 0, lastByteMs as number)
    // Driver and players share one true clock: the player's own, with its error, has no say in this.
    if (sentMs >= captureEnd(this.#event, ask.address.number)) recorder.count('early_404_seen')
  }

  #segment({ path, address }: Exchange['ask']): SegmentCounts {
    const known = this.#segments.get(path)
    if (known !== undefined) return known
    if (address?.kind !== 'segment') throw new TypeError(`${path} is no segment`)
    const made = this.#recorder.segment(address.rendition, address.number, '')
    this.#segments.set(path, made)
    return made
  }

  #cacheStatus({ cacheStatus, saidHit, status }: Exchange): void {
    const nearest = nearestCache(cacheStatus) ?? (saidHit === undefined ? undefined : { hit: saidHit })
    if (nearest === undefined) return
    const how = nearest.hit ? 'hit' : nearest.collapsed ? 'collapsed' : 'forwarded'
    this.#recorder.count(`cache_status.${how}`)
    if (nearest.hit && status !== undefined && status >= 400) this.#recorder.count('cache_status.hit_negative')
    if (nearest.detail !== undefined) this.#recorder.count(`cache_status.detail.${nearest.detail}`)
  }
}
