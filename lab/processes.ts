import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { clockEnvironment } from '../process/clock.ts'
import { type Part, partSchema } from '../results/record/part.ts'
import { Child, type ChildPlan, type Role } from './child.ts'
import { ControlClient } from './control-client.ts'
import { HarnessError } from './harness-error.ts'
import { type CommonConfig, logFileOf } from './process-configs.ts'

// The processes of one variant as a set: started with tokens and a clock that they share, asked for what they counted,
// and stopped together, whatever became of each.

interface Running {
  readonly child: Child
  readonly control: ControlClient
}

export interface ProcessesOptions {
  /** Configurations, logs and last words are kept here. */
  readonly folder: string
  readonly seed: number
  /** On demand: those of edges and origins, for as long as `POST /log` says. */
  readonly decisionLogs: boolean | 'on-demand'
  readonly source?: ProcessSource | undefined
}

/** Where processes come from and where they go. */
export interface ProcessSource {
  start(plan: ChildPlan, signal: AbortSignal): Promise<Child>
  /** Resolves when the life of `child` is over. */
  release(child: Child): Promise<void>
}

/** Each begins anew, and ends for good. */
const ownProcesses: ProcessSource = { start: Child.start, release: child => child.stop() }

/** A decision log, relative to the folder. */
interface Log {
  readonly role: string
  readonly name: string
  readonly file: string
}

/** Players first, so that nobody asks an edge that is gone; the origin last. */
const stopOrder: readonly (readonly Role[])[] = [['fleet'], ['edge', 'pipeline'], ['origin']]

export class Processes {
  readonly #options: ProcessesOptions
  readonly #source: ProcessSource
  readonly #tokens = { publish: randomBytes(16).toString('hex'), control: randomBytes(16).toString('hex') }
  readonly #running = new Map<string, Running>()
  /** What killed processes had counted. */
  readonly #kept: Part[] = []
  readonly #logs: Log[] = []
  readonly #starting = new Set<Promise<Child>>()
  readonly #stopping = new AbortController()
  readonly #death = Promise.withResolvers<HarnessError>()

  constructor(options: ProcessesOptions) {
    this.#options = options
    this.#source = options.source ?? ownProcesses
  }

  /** Starts a process, which finds `secrets` in its environment; resolves when it is ready. Throws HarnessError. */
  async start(
    role: Role,
    name: string,
    signal: AbortSignal,
    configure: (common: CommonConfig) => object,
    secrets: Readonly<Record<string, string>> = {},
  ): Promise<Child> {
    const { folder, seed, decisionLogs } = this.#options
    const lives = this.#logs.filter(log => log.name === name).length
    // A restarted process must not write over the log of its life before.
    const file = logFileOf(lives === 0 ? name : `${name}.${lives}`)
    const onDemand = decisionLogs === 'on-demand'
    const keepsLog = onDemand ? role === 'edge' || role === 'origin' : decisionLogs
    const log = { decisionLog: join(folder, file), ...(onDemand ? { decisionLogOnDemand: true } : {}) }
    const common = { name, seed, ...(keepsLog ? log : {}) }
    const environment = {
      ...clockEnvironment(),
      ...secrets,
      TIDEGATE_CONTROL_TOKEN: this.#tokens.control,
      TIDEGATE_PUBLISH_TOKEN: this.#tokens.publish,
    }
    const plan = { role, name, folder, config: configure(common), environment }
    const starting = this.#source.start(plan, AbortSignal.any([signal, this.#stopping.signal]))
    this.#starting.add(starting)
    const child = await starting.finally(() => this.#starting.delete(starting))
    child.exited.then(exit => {
      if (child.diedOfItself) this.#death.resolve(child.deathError(exit))
    })
    this.#running.set(name, { child, control: new ControlClient(child.url('control'), this.#tokens.control) })
    if (keepsLog) this.#logs.push({ role, name, file })
    return child
  }

  /** The process of this name, alive or not. Throws HarnessError when none of it ever got ready. */
  child(name: string): Child {
    return this.#find(name).child
  }

  isAlive(name: string): boolean {
    return this.#running.get(name)?.child.alive ?? false
  }

  /** The control listener of a process that lives. Throws HarnessError. */
  control(name: string): ControlClient {
    if (!this.isAlive(name)) throw new HarnessError(`there is no living process ${name}`)
    return this.#find(name).control
  }

  /** Every process that got ready, also those that are gone. */
  get all(): { readonly name: string; readonly pid: number }[] {
    return [...this.#running].map(([name, { child }]) => ({ name, pid: child.pid }))
  }

  /** What was counted so far is of the setting up: the record begins anew. */
  async reset(): Promise<void> {
    const counting = [...this.#running.values()].filter(({ child }) => child.role !== 'pipeline')
    await Promise.all(counting.map(({ control }) => control.post('/reset')))
  }

  /** Ends a process without warning; what it had counted is kept. */
  async kill(name: string): Promise<void> {
    const { child, control } = this.#find(name)
    this.#kept.push(await partOf(control))
    child.kill()
    await child.exited
  }

  /** Stops a process that was of no use, and forgets it. */
  async dismiss(name: string): Promise<void> {
    await this.#source.release(this.#find(name).child)
    this.#running.delete(name)
    const log = this.#logs.findIndex(one => one.name === name)
    if (log !== -1) this.#logs.splice(log, 1)
  }

  /** Resolves when a process ends without having been asked to. */
  get death(): Promise<HarnessError> {
    return this.#death.promise
  }

  /** What every process counted, a dead one as far as the lab knows it; and who could not be asked. */
  async gather(): Promise<{ parts: Part[]; missing: string[] }> {
    const missing: string[] = []
    const parts = await Promise.all(
      [...this.#running].map(async ([name, { child, control }]) => {
        if (child.alive) return [await partOf(control)]
        if (!this.#kept.some(part => part.name === name)) missing.push(name)
        return []
      }),
    )
    return { parts: [...this.#kept, ...parts.flat()], missing }
  }

  get logs(): readonly Log[] {
    return this.#logs
  }

  /** Stops every process, or those of one role, and resolves when they are gone; none can be started any more. */
  async stop(role?: Role): Promise<void> {
    // Where one process failed to start, its neighbours may still be on their way.
    this.#stopping.abort()
    await Promise.allSettled(this.#starting)
    const children = [...this.#running.values()].map(({ child }) => child)
    for (const roles of role === undefined ? stopOrder : [[role]]) {
      await Promise.all(children.filter(({ role }) => roles.includes(role)).map(child => this.#source.release(child)))
    }
  }

  #find(name: string): Running {
    const running = this.#running.get(name)
    if (running === undefined) throw new HarnessError(`there is no process ${name}`)
    return running
  }
}

const partOf = async (control: ControlClient): Promise<Part> => partSchema.parse(await control.get('/record'))
