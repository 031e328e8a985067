import { sample } from '../../live/distribution.ts'
import { limits } from '../../live/limits.ts'
import { RandomStream } from '../../live/random.ts'
import {
  captureEnd,
  expectedPublication,
  lastNumber,
  liveEdge,
  retryDeadline,
  windowStart,
} from '../../live/template.ts'
import { after, between, type EpochMs, type SegmentNumber } from '../../live/units.ts'
import type { PipelineEffect, PipelinePut, PipelineScheduleConfig, PipelineScheduleState } from './pipeline-effect.ts'
import {
  changeFaults,
  defectsUnderFaults,
  isLost,
  isTorn,
  type PipelineFaultChange,
  type PipelineFaults,
  plannedUnderFaults,
} from './pipeline-faults.ts'
import { backoffMs, mayPass, type PutOutcome } from './pipeline-retry.ts'

// When a pipeline puts what to one origin. Each object (a rendition's initialisation segment, or a segment) goes through
// these states; `wake` and `putEnded` move it on.
//
// | state     | from                                      | until                                                    |
// |-----------|-------------------------------------------|----------------------------------------------------------|
// | captured  | the pipeline began, or its capture ended  | its planned instant, faults included                     |
// | ready     | its planned instant, or that of a retry   | every initialisation segment is there and a put is free  |
// | in flight | `put` was given to the driver             | `putEnded`                                               |
// | waiting   | a put failed in a way that may pass       | the instant of the retry                                 |
// | done      | taken or refused by the origin, given up  | always                                                    |
//
// The backlog (what should have been published before the pipeline began) is always ready, oldest first, and yields to
// live segments. A live segment never waits for the one before it: a stalled one must not drag the next ones along.

interface Task extends PipelinePut {
  readonly backlog: boolean
  /** When this attempt may begin; for a first attempt, before faults. */
  readonly atMs: EpochMs
  /** No attempt begins from this instant on. */
  readonly giveUpMs: EpochMs
}

type PutName = Pick<PipelinePut, 'rendition' | 'number'>
const nameOf = ({ rendition, number }: PutName): string => `${rendition}/${number ?? 'init'}`

/** When the first PUT of a segment is planned to begin: its expected publication with the pipeline's jitter. */
export function plannedPutMs(
  { event, pipeline, publishJitter, seed }: Omit<PipelineScheduleConfig, 'backlogSegments'>,
  rendition: string,
  number: SegmentNumber,
): EpochMs {
  const jitterMs = sample(publishJitter, new RandomStream(seed, `publish/${pipeline}/${rendition}/${number}`))
  return Math.max(captureEnd(event, number), after(expectedPublication(event, number), jitterMs))
}

export class PipelineSchedule {
  readonly #config: PipelineScheduleConfig
  readonly #waiting = new Map<string, Task>()
  readonly #inFlight = new Map<string, Task>()
  #faults: PipelineFaults = {}
  /** The next number to be captured. */
  #next: SegmentNumber
  /** What is left of the backlog: `number` of the rendition at `index`, up to and without `end`. */
  #backlog: { number: number; index: number; end: number }
  /** Initialisation segments that the origin has neither taken nor refused. */
  #initsLeft: number

  /** A pipeline that begins at `now`. */
  constructor(config: PipelineScheduleConfig, now: EpochMs) {
    const { event, backlogSegments } = config
    this.#config = config
    this.#next = Math.max(event.firstNumber, (liveEdge(event, now) as number) + 1)
    const oldest = Math.max(event.firstNumber, windowStart(event, now) as number, this.#next - backlogSegments)
    this.#backlog = { number: Math.min(oldest, this.#next), index: 0, end: this.#next }
    this.#initsLeft = event.renditions.length
    for (const { name } of event.renditions) this.#keep(this.#initTask(name, now))
  }

  /** The instant at which `wake` has something to do: past ones mean now, Infinity that only `putEnded` can bring more. */
  nextWakeMs(): EpochMs {
    if (this.#isFull()) return Infinity
    let earliestMs = Infinity
    for (const task of this.#waiting.values()) earliestMs = Math.min(earliestMs, this.#movesOnMs(task))
    if (this.#initsLeft === 0 && this.#backlogIsFree()) return 0
    if (this.#next <= lastNumber(this.#config.event))
      earliestMs = Math.min(earliestMs, captureEnd(this.#config.event, this.#next))
    return earliestMs
  }

  /** What is to be done at `now`, in this order. */
  wake(now: EpochMs): PipelineEffect[] {
    this.#capture(now)
    const effects: PipelineEffect[] = []
    const ready = [...this.#waiting.values()]
      .filter(task => this.#movesOnMs(task) <= now)
      .map(task => ({ task, readyMs: this.#readyMs(task) as number }))
      .sort((a, b) => a.readyMs - b.readyMs || (a.task.number ?? -1) - (b.task.number ?? -1))
    for (const { task, readyMs } of ready) {
      const why = this.#reasonToGiveUp(task, readyMs, now)
      if (why) effects.push(this.#giveUp(task, why, task.attempt - 1))
      else if (this.#isFree(task) && !this.#isFull()) effects.push(this.#put(task, readyMs, now))
    }
    while (this.#initsLeft === 0 && !this.#isFull() && this.#backlogIsFree()) {
      const task = this.#nextOfBacklog(now)
      if (task.plannedMs > now) this.#keep(task)
      else if (isLost(this.#faults, now)) effects.push(this.#giveUp(task, 'lost', 0))
      else effects.push(this.#put(task, task.plannedMs, now))
    }
    return effects
  }

  /** A put of `wake` ended at `now`. Throws RangeError when no such put is in flight. */
  putEnded(put: PutName, outcome: PutOutcome, now: EpochMs): PipelineEffect[] {
    const { event, pipeline, seed } = this.#config
    const task = this.#inFlight.get(nameOf(put))
    if (!task) throw new RangeError(`no put of ${nameOf(put)} is in flight`)
    this.#inFlight.delete(nameOf(put))
    if ('status' in outcome && outcome.status >= 200 && outcome.status < 300) {
      this.#done(task)
      return []
    }
    if ('status' in outcome && !mayPass(outcome.status)) return [this.#giveUp(task, 'refused', task.attempt)]
    const name = `${pipeline}/${nameOf(put)}/${task.attempt}`
    const atMs = after(now, backoffMs(task.attempt, event.segmentMs, seed, name))
    if (atMs >= task.giveUpMs) return [this.#giveUp(task, 'deadline', task.attempt)]
    this.#keep({ ...task, attempt: task.attempt + 1, atMs })
    return []
  }

  /** Changes the faults from `now` on. */
  changeFaults(change: PipelineFaultChange, now: EpochMs): void {
    this.#faults = changeFaults(this.#faults, change, now)
  }

  state(): PipelineScheduleState {
    const { number, index, end } = this.#backlog
    return {
      nextNumber: this.#next,
      initsLeft: this.#initsLeft,
      backlogLeft: (end - number) * this.#config.event.renditions.length - index + this.#backlogPuts(),
      waiting: this.#waiting.size,
      inFlight: this.#inFlight.size,
      faults: this.#faults,
    }
  }

  /** Takes in every segment whose capture has ended. What nobody could publish any more (the machine slept) is skipped. */
  #capture(now: EpochMs): void {
    const { event } = this.#config
    const missed = Math.floor(between(retryDeadline(event, this.#next), now) / event.segmentMs)
    if (missed > 0) this.#next = (this.#next as number) + missed
    while (this.#next <= lastNumber(event) && captureEnd(event, this.#next) <= now) {
      for (const { name } of event.renditions) this.#keep(this.#segmentTask(name, this.#next))
      this.#next = (this.#next as number) + 1
    }
  }

  #segmentTask(rendition: string, number: SegmentNumber): Task {
    const { event } = this.#config
    const plannedMs = plannedPutMs(this.#config, rendition, number)
    const giveUpMs = retryDeadline(event, number)
    return { rendition, number, attempt: 1, defects: [], plannedMs, atMs: plannedMs, giveUpMs, backlog: false }
  }

  /** Without it nobody can play: it is tried for as long as segments of the event may be put. */
  #initTask(rendition: string, now: EpochMs): Task {
    const { event } = this.#config
    const giveUpMs = Math.max(retryDeadline(event, lastNumber(event)), after(now, event.retryDeadlineMs))
    return {
      rendition,
      number: undefined,
      attempt: 1,
      defects: [],
      plannedMs: now,
      atMs: now,
      giveUpMs,
      backlog: false,
    }
  }

  /** A late jitter can make the newest of the backlog a live segment. */
  #nextOfBacklog(now: EpochMs): Task {
    const { event } = this.#config
    const { number, index, end } = this.#backlog
    const isLast = index + 1 === event.renditions.length
    this.#backlog = { number: isLast ? number + 1 : number, index: isLast ? 0 : index + 1, end }
    const task = this.#segmentTask(event.renditions[index]!.name, number)
    return task.plannedMs > now ? task : { ...task, giveUpMs: after(now, event.retryDeadlineMs), backlog: true }
  }

  /** When the next attempt of `task` may begin. A stall and a delay move first attempts only: the rest is encoded. */
  #readyMs(task: Task): EpochMs {
    const { lost } = this.#faults
    if (task.number === undefined) return lost && isLost(this.#faults, task.atMs) ? lost.untilMs : task.atMs
    return task.attempt === 1 ? plannedUnderFaults(this.#faults, task.atMs) : task.atMs
  }

  /** When something happens to `task` if no put ends before: it is put, or given up. */
  #movesOnMs(task: Task): EpochMs {
    const readyMs = this.#readyMs(task) as number
    if (task.number === undefined) return Math.min(readyMs, task.giveUpMs)
    return this.#isFree(task) || isLost(this.#faults, readyMs) ? readyMs : Math.max(readyMs, task.giveUpMs)
  }

  #reasonToGiveUp(task: Task, readyMs: EpochMs, now: EpochMs): 'deadline' | 'lost' | undefined {
    if (task.number !== undefined && isLost(this.#faults, readyMs)) return 'lost'
    return now >= task.giveUpMs ? 'deadline' : undefined
  }

  #put(task: Task, readyMs: EpochMs, now: EpochMs): PipelineEffect {
    const isFirst = task.attempt === 1
    const plannedMs = isFirst ? readyMs : task.plannedMs
    const hasMedia = task.number !== undefined
    const defects = isFirst && hasMedia ? defectsUnderFaults(this.#faults, plannedMs) : task.defects
    this.#waiting.delete(nameOf(task))
    this.#inFlight.set(nameOf(task), { ...task, plannedMs, defects })
    const { rendition, number, attempt } = task
    const put = { do: 'put', rendition, number, attempt, defects, plannedMs } as const
    return isTorn(this.#faults, now) ? { ...put, torn: true } : put
  }

  #giveUp(task: Task, why: 'refused' | 'deadline' | 'lost', attempts: number): PipelineEffect {
    this.#done(task)
    return { do: 'give-up', rendition: task.rendition, number: task.number, attempts, why }
  }

  #done(task: Task): void {
    this.#waiting.delete(nameOf(task))
    if (task.number === undefined) this.#initsLeft--
  }

  #keep(task: Task): void {
    this.#waiting.set(nameOf(task), task)
  }

  /** Segments wait for the initialisation segments. */
  #isFree(task: Task): boolean {
    return task.number === undefined || this.#initsLeft === 0
  }

  #isFull(): boolean {
    return this.#inFlight.size >= limits.pipelinePuts
  }

  #backlogIsFree(): boolean {
    return this.#backlog.number < this.#backlog.end && this.#backlogPuts() < limits.pipelineBacklogPuts
  }

  /** Segments of the backlog that are in flight or wait for a retry. */
  #backlogPuts(): number {
    const tasks = [...this.#inFlight.values(), ...this.#waiting.values()]
    return tasks.filter(task => task.backlog).length
  }
}
