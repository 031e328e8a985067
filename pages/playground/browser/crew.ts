import type { PlanRecord } from '../../../sim/plan/plan-record.ts'
import type { Bases, PlanRequest, StormInput } from '../input.ts'
import type { Asked, Job, StormResult, StormState, Told } from '../messages.ts'

// The page's end of the worker: jobs with what is to be done when they get on.

export interface StormHearer {
  onState?(state: StormState): void
  onOver(result: StormResult): void
  onFailed(why: string): void
}

export interface PlanHearer {
  onProgress?(done: number): void
  onOver(record: PlanRecord, command: string): void
  onFailed(why: string): void
}

type Hearer = { readonly storm: StormHearer } | { readonly plan: PlanHearer }

/** Figures that are kept, so that a curve is not computed twice. */
const mostKept = 400

export class Crew {
  readonly #worker: Worker
  readonly #hearers = new Map<Job, Hearer>()
  readonly #known = new Map<string, StormResult['figures']>()
  #next = 1

  /** `script`: the simulator, as text. */
  constructor(script: string, bases: Bases) {
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
    this.#worker = new Worker(url)
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Told>) => this.#hear(data))
    this.#worker.addEventListener('error', ({ message }) => {
      for (const job of [...this.#hearers.keys()]) this.#hear({ says: 'failed', job, why: message })
    })
    this.#ask({ do: 'know', bases })
  }

  storm(input: StormInput, trace: boolean, storm: StormHearer): Job {
    const job = this.#next++
    this.#hearers.set(job, { storm })
    this.#ask({ do: 'storm', job, input, trace })
    return job
  }

  plan(request: PlanRequest, plan: PlanHearer): Job {
    const job = this.#next++
    this.#hearers.set(job, { plan })
    this.#ask({ do: 'plan', job, request })
    return job
  }

  /** The figures of `input`, known or simulated; the job, where there is one. */
  figures(input: StormInput, onFigures: (figures: StormResult['figures']) => void, onFailed: (why: string) => void) {
    const key = JSON.stringify(input)
    const known = this.#known.get(key)
    if (known) {
      onFigures(known)
      return undefined
    }
    return this.storm(input, false, {
      onOver: ({ figures }) => {
        if (this.#known.size >= mostKept) this.#known.clear()
        this.#known.set(key, figures)
        onFigures(figures)
      },
      onFailed,
    })
  }

  /** Nothing more is heard of `job`. */
  stop(job: Job): void {
    if (this.#hearers.delete(job)) this.#ask({ do: 'stop', job })
  }

  #ask(asked: Asked): void {
    this.#worker.postMessage(asked)
  }

  #hear(told: Told): void {
    const hearer = this.#hearers.get(told.job)
    if (!hearer) return
    const isOver = told.says !== 'storm' && told.says !== 'plan'
    if (isOver) this.#hearers.delete(told.job)
    if (told.says === 'failed') ('storm' in hearer ? hearer.storm : hearer.plan).onFailed(told.why)
    else if ('storm' in hearer) {
      if (told.says === 'storm') hearer.storm.onState?.(told.state)
      else if (told.says === 'storm-over') hearer.storm.onOver(told.result)
    } else if (told.says === 'plan') hearer.plan.onProgress?.(told.done)
    else if (told.says === 'plan-over') hearer.plan.onOver(told.record, told.command)
  }
}
