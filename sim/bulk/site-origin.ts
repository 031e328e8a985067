import { parseAddress } from '../../live/address.ts'
import type { LiveEvent, Rendition } from '../../live/event.ts'
import type { EventState } from '../../live/live-state.ts'
import { liveEdge, windowStart } from '../../live/template.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import { OriginCore } from '../../origin/core/origin-core.ts'
import type { PipelineEffect, PipelinePut } from '../../origin/core/pipeline-effect.ts'
import type { PipelineFaultChange } from '../../origin/core/pipeline-faults.ts'
import { PipelineSchedule } from '../../origin/core/pipeline-schedule.ts'
import type { OriginEffect, OriginVerdict, PutBody, TicketId } from '../../origin/core/verdict.ts'
import type { Agenda } from './agenda.ts'
import { answerOf, type OriginAnswer } from './upstream-heads.ts'

// A region's origin in virtual time: its core, and the pipelines that publish to it.

export interface OriginSetup {
  readonly region: string
  readonly event: LiveEvent
  readonly seed: number
  readonly publishJitter: ConstructorParameters<typeof PipelineSchedule>[0]['publishJitter']
  readonly publishMs: Ms
}

export type OriginReply = (answer: OriginAnswer, wasHeld: boolean) => void

/** A segment's size: its bit rate for its duration. */
export const bodyBytesOf = ({ bitsPerSecond }: Pick<Rendition, 'bitsPerSecond'>, segmentMs: Ms): number =>
  Math.round((bitsPerSecond * (segmentMs as number)) / 8_000)

export class SiteOrigin {
  readonly core: OriginCore
  /** The region is gone: connections are refused. */
  away = false
  readonly #setup: OriginSetup
  readonly #agenda: Agenda
  readonly #pipelines = new Map<string, PipelineSchedule>()
  readonly #held = new Map<TicketId, OriginReply>()
  readonly #onPublished: (rendition: string, number: number, atMs: EpochMs) => void
  #wakeMs: EpochMs = Infinity

  /** An origin whose DVR window, as far as the event has one, is stored already. */
  constructor(
    setup: OriginSetup,
    agenda: Agenda,
    onPublished: (rendition: string, number: number, atMs: EpochMs) => void,
  ) {
    this.#setup = setup
    this.#agenda = agenda
    this.#onPublished = onPublished
    const { event, region, seed } = setup
    const { now } = agenda
    this.core = new OriginCore({ event, region, seed, startedMs: now, backlogUntilMs: after(now, 1) })
    this.#storeBacklog()
    for (const pipeline of event.pipelines) {
      const { publishJitter } = setup
      this.#pipelines.set(
        pipeline,
        new PipelineSchedule({ event, pipeline, publishJitter, backlogSegments: 0, seed }, now),
      )
      this.#wakePipeline(pipeline)
    }
  }

  /** Asks on behalf of `count` alike askers; `reply` is called when the answer leaves the origin. */
  ask(path: string, asked: EventState | undefined, asker: string, count: number, reply: OriginReply): void {
    const { now } = this.#agenda
    const verdict = this.core.inspect({ address: parseAddress(path), asked, asker }, now)
    const { ticket } = this.core.admit(verdict, count, now)
    if (ticket !== undefined) this.#held.set(ticket, reply)
    else this.#answer(reply, verdict as Exclude<OriginVerdict, { do: 'hold' }>, false)
    this.#planWake()
  }

  changePipeline(pipeline: string, change: PipelineFaultChange): void {
    this.#pipelines.get(pipeline)?.changeFaults(change, this.#agenda.now)
    this.#wakePipeline(pipeline)
  }

  /** Carries out what a command to the core has brought about. */
  apply(effects: readonly OriginEffect[]): void {
    for (const effect of effects) {
      if (effect.do !== 'release') continue
      for (const ticket of effect.tickets) {
        const reply = this.#held.get(ticket)
        this.#held.delete(ticket)
        if (reply) this.#answer(reply, effect.verdict, true)
      }
    }
    this.#planWake()
  }

  #answer(reply: OriginReply, verdict: Exclude<OriginVerdict, { do: 'hold' }>, wasHeld: boolean): void {
    const { slowMs } = this.core.faults()
    const { region } = this.#setup
    const send = () => reply(answerOf(this.core, region, verdict, this.#agenda.now), wasHeld)
    if ((slowMs as number) > 0) this.#agenda.at(after(this.#agenda.now, slowMs), send)
    else send()
  }

  #planWake(): void {
    const next = this.core.nextWakeMs()
    if (next === undefined || next >= this.#wakeMs) return
    this.#wakeMs = next
    this.#agenda.at(next, () => {
      this.#wakeMs = Infinity
      this.apply(this.core.wake(this.#agenda.now))
    })
  }

  // Publishing

  #wakePipeline(pipeline: string): void {
    const schedule = this.#pipelines.get(pipeline) as PipelineSchedule
    const next = schedule.nextWakeMs()
    if (next === Infinity) return
    this.#agenda.at(next, () => {
      // Planned twice, it does nothing the second time.
      if (schedule.nextWakeMs() > this.#agenda.now) return
      this.#carryOut(pipeline, schedule.wake(this.#agenda.now))
      this.#wakePipeline(pipeline)
    })
  }

  #carryOut(pipeline: string, effects: readonly PipelineEffect[]): void {
    for (const effect of effects) if (effect.do === 'put') this.#put(pipeline, effect)
  }

  #put(pipeline: string, put: PipelinePut): void {
    const { publishMs } = this.#setup
    const body = this.#bodyOf(pipeline, put)
    const ended = (status: number) => {
      const schedule = this.#pipelines.get(pipeline) as PipelineSchedule
      this.#carryOut(pipeline, schedule.putEnded(put, { status }, this.#agenda.now))
      this.#wakePipeline(pipeline)
    }
    const refusedNow = this.away ? undefined : this.core.offer(body, this.#agenda.now)
    this.#agenda.at(after(this.#agenda.now, publishMs), () => {
      const { now } = this.#agenda
      if (this.away || refusedNow === undefined) return ended(503)
      if (refusedNow.do === 'answer') return ended(refusedNow.status)
      const judged = this.core.arrived(body, now)
      if (judged.do === 'answer') return ended(judged.status)
      const { answer, effects } = this.core.stored(body, now)
      if (put.number !== undefined && answer.reason === 'accepted') this.#onPublished(put.rendition, put.number, now)
      this.apply(effects)
      ended(answer.status)
    })
  }

  #bodyOf(
    pipeline: string,
    { rendition, number, defects }: Pick<PipelinePut, 'rendition' | 'number' | 'defects'>,
  ): PutBody {
    const { event } = this.#setup
    const described = event.renditions.find(({ name }) => name === rendition) as Rendition
    const bodyBytes = number === undefined ? 1_000 : bodyBytesOf(described, event.segmentMs)
    const etag = `"${pipeline}-${rendition}-${number ?? 'init'}"`
    return { pipeline, event: event.event, rendition, number, bodyBytes, defects, etag }
  }

  /** What was published before this world begins: stored without the way there. */
  #storeBacklog(): void {
    const { event } = this.#setup
    const { now } = this.#agenda
    const newest = liveEdge(event, now) as number
    const oldest = Math.max(event.firstNumber, windowStart(event, now) as number)
    for (const pipeline of event.pipelines) {
      for (const { name } of event.renditions) {
        for (const number of [undefined, ...numbers(oldest, newest)]) {
          const body = this.#bodyOf(pipeline, { rendition: name, number, defects: [] })
          this.core.offer(body, now)
          if (this.core.arrived(body, now).do === 'store') this.core.stored(body, now)
        }
      }
    }
  }
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
