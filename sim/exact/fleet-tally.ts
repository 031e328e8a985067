import type { LiveEvent } from '../../live/event.ts'
import { edgeReasons } from '../../live/reasons.ts'
import { captureEnd } from '../../live/template.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import type { PlayerOutput } from '../../loadgen/player/player-io.ts'
import { Recorder } from '../../process/recorder.ts'
import type { Part } from '../../results/record/part.ts'
import type { ObjectId, Objects } from '../objects.ts'
import { type Exchange, resultNames, results, said } from './exchange.ts'
import { SecondsSeries } from './seconds-series.ts'
import { Waits } from './waits.ts'

// What the players of an exact world count, by the names of docs/processes.md: the same as loadgen/http/tally.ts counts,
// kept in columns of numbers and handed to a recorder when somebody asks for the part.

type Note = Extract<PlayerOutput, { do: 'note' }>

/** A segment counts as live when it was published no longer than this before the planned request. */
const liveWithinMs = 10_000
const statuses = 600
const reasonNames = Object.keys(edgeReasons)
const saidNames = ['', 'hit', 'collapsed', 'forwarded'] as const

export class FleetTally {
  playersNow = 0
  readonly #event: LiveEvent
  readonly #objects: Objects
  readonly #waits = {
    ttfb: new Waits('ttfb_ms'),
    lag: new Waits('lag_ms'),
    firstByte: new Waits('publication_to_first_byte_ms'),
    lastByte: new Waits('publication_to_last_byte_ms'),
  }
  /** What is rare. */
  readonly #recorder: Recorder
  readonly #statuses = new Float64Array(statuses)
  readonly #results = new Float64Array(resultNames.length)
  readonly #said = new Float64Array(saidNames.length)
  readonly #reasons = new Float64Array(reasonNames.length)
  readonly #series: Readonly<
    Record<'requests' | 'status_404' | 'status_5xx' | 'players' | 'bytes_received', SecondsSeries>
  >
  /** By segment: when it was published, as answers said it, and when the last 404 for it came. */
  readonly #published = new Map<ObjectId, number>()
  readonly #last404 = new Map<ObjectId, number>()
  #requests = 0
  #segmentRequests = 0
  #bytes = 0
  #hitNegative = 0
  #early404 = 0
  #wrongBodies = 0
  #aborted = 0

  constructor(event: LiveEvent, objects: Objects, startMs: EpochMs) {
    this.#event = event
    this.#objects = objects
    this.#recorder = new Recorder({ role: 'fleet', name: 'fleet', shard: { index: 1, of: 1 } })
    const series = (name: string) => new SecondsSeries(name, Math.floor((startMs as number) / 1_000) - 1)
    this.#series = {
      requests: series('requests'),
      status_404: series('status_404'),
      status_5xx: series('status_5xx'),
      players: series('players'),
      bytes_received: series('bytes_received'),
    }
  }

  /** How many requests players have sent. */
  get requests(): number {
    return this.#requests
  }

  note(output: Note, joinMs: EpochMs, firstRebuffer: boolean, now: EpochMs): void {
    const recorder = this.#recorder
    switch (output.note) {
      case 'joined':
        recorder.count('players_joined')
        recorder.peak('players_now_max', ++this.playersNow)
        break
      case 'left':
        recorder.count('players_left')
        this.playersNow--
        break
      case 'started':
        recorder.time('startup_ms', (now as number) - (joinMs as number))
        break
      case 'rebuffer':
        recorder.count('rebuffers')
        if (firstRebuffer) recorder.count('players_rebuffered')
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

  /** Once a second. */
  second(now: EpochMs): void {
    this.#series.players.add(now, this.playersNow)
  }

  sent(isSegment: boolean, sentMs: EpochMs, lagMs: Ms): void {
    this.#requests++
    if (isSegment) this.#segmentRequests++
    this.#series.requests.add(sentMs, 1)
    this.#waits.lag.add(lagMs)
  }

  aborted(): void {
    this.#aborted++
  }

  /** An exchange has ended, however. */
  ended(exchange: Exchange): void {
    const { object, result, status, firstByteMs } = exchange
    const isSegment = this.#objects.isSegment(object)
    const isAnswer = result === results.status
    if (isAnswer) {
      this.#bytes += exchange.bytes as number
      this.#series.bytes_received.add(exchange.lastByteMs, exchange.bytes as number)
    }
    const how = exchange.said
    if (isSegment && how !== said.nothing) {
      this.#said[how] = (this.#said[how] as number) + 1
      if (how === said.hit && status >= 400) this.#hitNegative++
      const { reason } = exchange
      this.#reasons[reason] = (this.#reasons[reason] as number) + 1
    }
    if (!isAnswer) {
      this.#results[result] = (this.#results[result] as number) + 1
      return
    }
    this.#statuses[status] = (this.#statuses[status] as number) + 1
    this.#waits.ttfb.add((firstByteMs as number) - (exchange.sentMs as number))
    if (status === 200 && exchange.wrong === 1) this.#wrongBodies++
    if (status === 200 && isSegment) this.#segmentCame(exchange)
    else if (status === 404) this.#notFound(exchange, isSegment)
    else if (status >= 500) this.#series.status_5xx.add(firstByteMs, 1)
  }

  part(): Part {
    const whole = new Recorder({ role: 'fleet', name: 'fleet', shard: { index: 1, of: 1 } })
    const count = (name: string, value: number) => value > 0 && whole.count(name, value)
    for (const [name, value] of this.#recorder.counts()) whole.count(name, value)
    whole.count('requests', this.#requests)
    whole.count('requests.segment', this.#segmentRequests)
    count('bytes_received', this.#bytes)
    count('early_404_seen', this.#early404)
    count('wrong_bodies', this.#wrongBodies)
    count('requests_aborted', this.#aborted)
    for (const [status, value] of this.#statuses.entries()) count(`responses.status.${status}`, value)
    for (const [result, value] of this.#results.entries()) count(`failures.${resultNames[result]}`, value)
    for (const [how, value] of this.#said.entries()) count(`cache_status.${saidNames[how]}`, value)
    count('cache_status.hit_negative', this.#hitNegative)
    for (const [reason, value] of this.#reasons.entries()) count(`cache_status.detail.${reasonNames[reason]}`, value)
    for (const series of Object.values(this.#series)) series.handTo(whole)
    for (const [object, publishedMs] of this.#published) this.#segmentOf(whole, object).publishedMs = publishedMs
    for (const [object, last404Ms] of this.#last404) this.#segmentOf(whole, object).last404Ms = last404Ms
    for (const waits of Object.values(this.#waits)) waits.handTo(whole)
    const part = whole.part()
    return { ...part, histograms: { ...this.#recorder.part().histograms, ...part.histograms } }
  }

  #segmentOf(recorder: Recorder, object: ObjectId) {
    const address = this.#objects.addressOf(object)
    if (address.kind !== 'segment') throw new TypeError(`object ${object} is no segment`)
    return recorder.segment(address.rendition, address.number as number, '')
  }

  #segmentCame({ object, availableMs, plannedMs, firstByteMs, lastByteMs }: Exchange): void {
    if (Number.isNaN(availableMs)) return
    const before = this.#published.get(object)
    if (before === undefined || (availableMs as number) < before) this.#published.set(object, availableMs as number)
    if ((availableMs as number) < (plannedMs as number) - liveWithinMs) return
    const fromMs = Math.max(availableMs as number, plannedMs as number)
    this.#waits.firstByte.add((firstByteMs as number) - fromMs)
    this.#waits.lastByte.add((lastByteMs as number) - fromMs)
  }

  #notFound({ object, sentMs, firstByteMs, lastByteMs }: Exchange, isSegment: boolean): void {
    this.#series.status_404.add(firstByteMs, 1)
    if (!isSegment) return
    this.#last404.set(object, Math.max(this.#last404.get(object) ?? 0, lastByteMs as number))
    const endMs = captureEnd(this.#event, this.#objects.numberOf(object))
    if (sentMs >= endMs) this.#early404++
  }
}
