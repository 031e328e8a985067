import { parse } from 'node:path'
import { Worker } from 'node:worker_threads'
import { clockEnvironment } from '../../process/clock.ts'
import { mergeParts } from '../../results/record/merge.ts'
import type { Part } from '../../results/record/part.ts'
import type { FleetPlan } from './plan.ts'
import type { FleetState, RunningFleet } from './running-fleet.ts'
import type { WorkerAnswer, WorkerCall, WorkerMessage } from './worker-messages.ts'

// A fleet in several threads. Worker j of w of shard i of n is shard i + n·j of n·w of the same fleet, so that what a
// player does depends on neither; the parts are merged without loss.

type Shard = FleetPlan['shard']

/** The shard (from 0) that falls to worker `worker` (from 0) of `workers` in a process that is `shard` (from 1). */
export const workerShard = ({ index, of }: Shard, worker: number, workers: number): { index: number; of: number } => ({
  index: index - 1 + of * worker,
  of: of * workers,
})

/** Each worker keeps a decision log of its own: `fleet.ndjson` becomes `fleet.1.ndjson`, `fleet.2.ndjson`, … */
const workerLog = (file: string, worker: number): string => {
  const { dir, name, ext } = parse(file)
  return `${dir === '' ? '' : `${dir}/`}${name}.${worker + 1}${ext}`
}

/** What falls to worker `worker` (from 0) of `workers` of a budget of requests; together exactly the budget. */
const budgetShare = (budget: number, worker: number, workers: number): number =>
  Math.floor((budget * (worker + 1)) / workers) - Math.floor((budget * worker) / workers)

/** Starts the fleet of `plan` in `plan.workers` threads. Throws what a worker throws while it starts. */
export async function runInWorkers(plan: FleetPlan): Promise<RunningFleet> {
  const threads = Array.from({ length: plan.workers }, (_, worker) => {
    const { decisionLog, requestBudget } = plan
    const own = {
      ...plan,
      decisionLog: decisionLog === undefined ? undefined : workerLog(decisionLog, worker),
      requestBudget: requestBudget === undefined ? undefined : budgetShare(requestBudget, worker, plan.workers),
    }
    return new Thread(own, workerShard(plan.shard, worker, plan.workers))
  })
  await Promise.all(threads.map(thread => thread.ready))
  return new FleetOfWorkers(plan, threads)
}

class FleetOfWorkers implements RunningFleet {
  readonly done: Promise<Part>
  readonly #plan: FleetPlan
  readonly #threads: readonly Thread[]

  constructor(plan: FleetPlan, threads: readonly Thread[]) {
    this.#plan = plan
    this.#threads = threads
    this.done = Promise.all(threads.map(thread => thread.done)).then(parts => merged(parts, plan))
  }

  async resize(players: number): Promise<void> {
    await this.#all({ do: 'resize', players })
  }

  async retarget(sites: FleetPlan['sites']): Promise<void> {
    await this.#all({ do: 'retarget', sites })
  }

  async reset(): Promise<void> {
    await this.#all({ do: 'reset' })
  }

  async state(): Promise<FleetState> {
    const states = await this.#all<FleetState>({ do: 'state' })
    const sum = (of: (state: FleetState) => number): number => states.reduce((total, state) => total + of(state), 0)
    const present = sum(state => state.present)
    const first = states[0] as FleetState
    const state = {
      ...first,
      shard: this.#plan.shard,
      present,
      inFlight: sum(one => one.inFlight),
      counts: addedUp(states.map(({ counts }) => counts)),
      waits: { ...first.waits, counts: first.waits.counts.map((_, i) => sum(one => one.waits.counts[i] ?? 0)) },
    }
    return this.#plan.requestBudget === undefined ? state : { ...state, budgetLeft: sum(one => one.budgetLeft ?? 0) }
  }

  async record(): Promise<Part> {
    return merged(await this.#all<Part>({ do: 'record' }), this.#plan)
  }

  async stop(): Promise<void> {
    await this.#all({ do: 'stop' })
    await this.done
    await Promise.all(this.#threads.map(thread => thread.end()))
  }

  #all<Value = unknown>(call: WorkerCall): Promise<Value[]> {
    return Promise.all(this.#threads.map(thread => thread.call(call) as Promise<Value>))
  }
}

/** Counts add; peaks (`…_max`) do not, and are left to the record, which knows when they were. */
function addedUp(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = new Set(all.flatMap(counts => Object.keys(counts)).filter(name => !name.endsWith('_max')))
  return Object.fromEntries([...names].map(name => [name, all.reduce((sum, counts) => sum + (counts[name] ?? 0), 0)]))
}

/** The workers' parts as one: they were there at the same time, so their common peak is that of the joint timeline. */
function merged(parts: readonly Part[], { shard }: FleetPlan): Part {
  const part = mergeParts(parts)
  const peak = Math.max(part.counts.players_now_max ?? 0, ...Object.values(part.timeline.players ?? {}))
  return { ...part, shard, counts: { ...part.counts, players_now_max: peak } }
}

/** Compiled, where this is: a URL is no import, and nobody rewrites it. */
const workerFile = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** One worker thread, as promises. */
class Thread {
  readonly ready: Promise<void>
  readonly done: Promise<Part>
  readonly #worker: Worker
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>()
  #calls = 0

  constructor(plan: FleetPlan, shard: { index: number; of: number }) {
    const ready = Promise.withResolvers<void>()
    const done = Promise.withResolvers<Part>()
    this.ready = ready.promise
    this.done = done.promise
    // Instants of all threads must compare, so they share this process's clock.
    const env = { ...process.env, ...clockEnvironment() }
    this.#worker = new Worker(workerFile, { workerData: { plan, shard }, env })
    this.#worker.on('message', (message: WorkerMessage) => {
      if (message.is === 'ready') ready.resolve()
      else if (message.is === 'done') done.resolve(message.part)
      else this.#answered(message)
    })
    const fail = (error: Error): void => {
      ready.reject(error)
      done.reject(error)
      for (const answer of this.#answers.values()) answer.reject(error)
      this.#answers.clear()
    }
    this.#worker.on('error', fail)
    this.#worker.on('exit', () => fail(new Error('a worker of the fleet has ended')))
    this.done.catch(() => {}) // whoever waits for the fleet hears of it; before that `ready` does
  }

  call(call: WorkerCall): Promise<unknown> {
    const id = ++this.#calls
    const answer = Promise.withResolvers<unknown>()
    this.#answers.set(id, answer)
    this.#worker.postMessage({ id, call })
    return answer.promise
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #answered({ id, value, error }: WorkerAnswer): void {
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    if (error === undefined) answer?.resolve(value)
    else answer?.reject(new Error(error))
  }
}
