import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, type WriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { type LifeCommand, lifeEnded } from '../process/lifecycle.ts'
import { HarnessError } from './harness-error.ts'

// One process of a run: started through the command like a person would, known to live when it says its ready line,
// stopped for certain. It can end its life and rest until it begins another (process/lifecycle.ts). No process outlives
// the lab: all are killed when it exits, and each ends by itself when the channel to the lab closes, which also covers a
// lab that was killed.

export type Role = 'origin' | 'edge' | 'fleet' | 'pipeline'

export interface ChildPlan extends LifePlan {
  readonly role: Role
  readonly name: string
}

/** What one life of a process is made from. */
export interface LifePlan {
  readonly config: object
  /** Its configuration and what it says on standard error are kept here. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const command = fileURLToPath(new URL('../cli/tidegate.mjs', import.meta.url))
/** From the start to the ready line; a busy machine needs a second or two. */
const readyWithinMs = 30_000
/** From SIGTERM to SIGKILL: a little more than a process takes to drain (process/lifecycle.ts). */
const drainWithinMs = 9_000
const keptLines = 12

const readyLine = z.object({ ready: z.string(), listen: z.record(z.string(), z.string()) })

const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

export class Child {
  readonly role: Role
  readonly name: string
  readonly exited: Promise<Exit>
  readonly #process: ChildProcess
  readonly #lastWords: string[] = []
  #listen: Readonly<Record<string, string>> = {}
  #log: WriteStream | undefined
  #exit: Exit | undefined
  #stopping = false
  #resting = false

  private constructor(plan: ChildPlan) {
    this.role = plan.role
    this.name = plan.name
    const configFile = configured(plan)
    this.#process = spawn(process.execPath, [command, plan.role, '--config', configFile], {
      env: { ...process.env, ...plan.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // In a group of its own, so that Ctrl-C reaches the lab alone, which then gathers before it stops anything.
      detached: process.platform !== 'win32',
    })
    living.add(this.#process)
    this.#logInto(plan.folder)
    createInterface({ input: this.#process.stderr as NodeJS.ReadableStream }).on('line', line => {
      this.#lastWords.push(line)
      if (this.#lastWords.length > keptLines) this.#lastWords.shift()
    })
    this.exited = new Promise(done => {
      const ended = (exit: Exit) => {
        this.#exit = exit
        living.delete(this.#process)
        done(exit)
      }
      this.#process.once('error', error => {
        this.#lastWords.push(error.message)
        ended({ code: null, signal: null })
      })
      // 'close' comes after the last of standard error, so that the last words are complete.
      this.#process.once('close', (code, signal) => ended({ code, signal }))
    })
  }

  /** Starts a process and waits until it is ready. Throws HarnessError with its last words when it does not get there. */
  static async start(plan: ChildPlan, signal?: AbortSignal): Promise<Child> {
    const child = new Child(plan)
    await child.#readyOrGone(signal)
    return child
  }

  /** Ends its life and keeps the process; one that does not drain in time is killed. Resolves when it rests or is gone. */
  async rest(): Promise<void> {
    this.#stopping = true
    if (!this.alive) return
    this.#resting = true
    const ended = new Promise<void>(done => {
      const hear = (message: unknown): void => {
        if (!isDeepStrictEqual(message, lifeEnded)) return
        this.#process.off('message', hear)
        done()
      }
      this.#process.on('message', hear)
    })
    this.#command({ do: 'end' })
    const bound = setTimeout(() => this.#process.kill('SIGKILL'), drainWithinMs)
    await Promise.race([ended, this.exited])
    clearTimeout(bound)
  }

  /** Another life of a process that rests, under its name. Throws HarnessError as `start` does. */
  async begin(plan: LifePlan, signal?: AbortSignal): Promise<void> {
    this.#resting = false
    this.#stopping = false
    this.#lastWords.length = 0
    this.#logInto(plan.folder)
    this.#command({ do: 'begin', config: configured({ ...plan, name: this.name }), environment: plan.environment })
    await this.#readyOrGone(signal)
  }

  /** The URL of its listener for `purpose`. Throws HarnessError when it has none. */
  url(purpose: string): string {
    const url = this.#listen[purpose]
    if (url === undefined) throw new HarnessError(`${this.#title} has no ${purpose} listener`)
    return url
  }

  get pid(): number {
    return this.#process.pid as number
  }

  /** In a life: it neither rests nor is gone. */
  get alive(): boolean {
    return this.#exit === undefined && !this.#resting
  }

  /** Its end, when nobody asked for it. */
  get diedOfItself(): Exit | undefined {
    return this.#stopping ? undefined : this.#exit
  }

  /** What it said last on standard error. */
  get lastWords(): string {
    return this.#lastWords.join('\n')
  }

  /** An error that tells how it died. */
  deathError(exit: Exit): HarnessError {
    const how = exit.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`
    return new HarnessError(`${this.#title} ${how}. It said last:\n${this.lastWords || '(nothing)'}`)
  }

  /** Ends it at once, without a chance to drain. */
  kill(): void {
    this.#stopping = true
    this.#process.kill('SIGKILL')
  }

  /** Lets it drain, and ends it when that takes too long. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#exit !== undefined) return
    this.#process.kill('SIGTERM')
    const bound = setTimeout(() => this.#process.kill('SIGKILL'), drainWithinMs)
    await this.exited
    clearTimeout(bound)
  }

  #command(command: LifeCommand): void {
    // One that died meanwhile is told by its exit.
    this.#process.send(command, () => undefined)
  }

  /** Standard error goes into the folder of the life that says it. */
  #logInto(folder: string): void {
    const before = this.#log
    if (before !== undefined) {
      this.#process.stderr?.unpipe(before)
      before.end()
    }
    this.#log = createWriteStream(join(folder, `${this.name}.stderr.log`), { flags: 'a' })
    this.#process.stderr?.pipe(this.#log)
  }

  get #title(): string {
    return `the ${this.role} ${this.name}`
  }

  async #readyOrGone(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#becomeReady(signal)
    } catch (error) {
      this.kill()
      await this.exited
      throw error
    }
  }

  async #becomeReady(signal: AbortSignal | undefined): Promise<void> {
    const lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream })
    let bound: NodeJS.Timeout | undefined
    let abort: (() => void) | undefined
    try {
      this.#listen = await new Promise((done, fail) => {
        lines.on('line', line => {
          const ready = parseReady(line)
          if (ready) done(ready.listen)
        })
        bound = setTimeout(() => {
          fail(
            new HarnessError(
              `${this.#title} was not ready within ${readyWithinMs} ms. It said last:\n${this.lastWords}`,
            ),
          )
        }, readyWithinMs)
        this.exited.then(exit => fail(this.deathError(exit)))
        abort = () => fail(signal?.reason)
        if (signal?.aborted) abort()
        signal?.addEventListener('abort', abort)
      })
    } finally {
      clearTimeout(bound)
      lines.close()
      if (abort) signal?.removeEventListener('abort', abort)
    }
  }
}

/** Writes down what a life is made from; gives the file. */
function configured({ folder, name, config }: LifePlan & { readonly name: string }): string {
  const file = join(folder, `${name}.config.json`)
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`)
  return file
}

function parseReady(line: string): z.infer<typeof readyLine> | undefined {
  try {
    return readyLine.safeParse(JSON.parse(line)).data
  } catch {
    return undefined // A line for people on the wrong stream is no reason to fail.
  }
}
