import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { ServiceError } from './service.ts'

// One process of a service: what it says goes to a file, and it never outlives us. It ends when it is stopped, when we
// exit, and on Linux also when we are killed.

export interface ProcessOptions {
  /** What people call it: `Cassandra node eu1`. */
  readonly name: string
  readonly binary: string
  readonly arguments: readonly string[]
  /** Where it runs. */
  readonly folder: string
  /** Takes its standard output and error; appended to when the process is started again. */
  readonly logFile: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Error messages stand at the end; more than this nobody reads. */
const keptLines = 20
const keptBytes = 16 * 1024
const defaultGraceMs = 5_000

/** Linux only: has the kernel kill the child when its parent is gone, which no handler of ours can see to. */
const setpriv = '/usr/bin/setpriv'
const followParent = process.platform === 'linux' && existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', '--'] : []

const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

export class ServiceProcess {
  readonly name: string
  readonly pid: number
  /** Resolves when it has ended, asked to or not, with how, in words. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #logFile: string
  #alive = true
  #stopping: Promise<void> | undefined

  private constructor(child: ChildProcess, { name, logFile }: ProcessOptions) {
    this.name = name
    this.pid = child.pid as number
    this.#child = child
    this.#logFile = logFile
    living.add(child)
    this.ended = new Promise(done => {
      child.once('exit', (code, signal) => {
        this.#alive = false
        living.delete(child)
        done(signal ? `was ended by ${signal}` : `ended with exit code ${code}`)
      })
    })
  }

  /** Starts it in a process group of its own, so that Ctrl-C reaches it through us only. Throws ServiceError. */
  static async start(options: ProcessOptions): Promise<ServiceProcess> {
    const [command = options.binary, ...rest] = [...followParent, options.binary, ...options.arguments]
    const log = openSync(options.logFile, 'a')
    try {
      const child = spawn(command, rest, {
        cwd: options.folder,
        // Not our own environment: that may hold tokens, which are nobody else's business.
        env: { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C', ...options.environment },
        stdio: ['ignore', log, log],
        detached: process.platform !== 'win32',
      })
      await new Promise<void>((done, fail) => child.once('spawn', done).once('error', fail))
      return new ServiceProcess(child, options)
    } catch (error) {
      throw new ServiceError(`${options.name} cannot be started: ${(error as Error).message}`)
    } finally {
      closeSync(log)
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  /** The last lines that it wrote. */
  lastLines(): string {
    const text = readFileSync(this.#logFile, 'utf8').slice(-keptBytes)
    return text.trimEnd().split('\n').slice(-keptLines).join('\n')
  }

  /** Sends a signal to it, such as SIGSTOP; nothing when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.#alive) this.#child.kill(signal)
  }

  /**
   * SIGSTOP: it keeps its connections and answers nothing. On Linux it stands still when this returns: a stop takes its
   * way through the threads, and what came in meanwhile would still be answered.
   */
  hang(): void {
    this.signal('SIGSTOP')
    const pid = this.#child.pid
    if (process.platform !== 'linux' || pid === undefined) return
    const end = performance.now() + standsStillWithinMs
    while (this.#alive && !standsStill(pid) && performance.now() < end) Atomics.wait(napping, 0, 0, 1)
  }

  /** Goes on where `hang` stopped it. */
  resume(): void {
    this.signal('SIGCONT')
  }

  /** Ends it at once. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  /** Lets it end by itself within `graceMs`, then ends it. Resolves when it is gone; a second call waits for the first. */
  stop(graceMs = defaultGraceMs): Promise<void> {
    this.#stopping ??= this.#stop(graceMs)
    return this.#stopping
  }

  async #stop(graceMs: number): Promise<void> {
    this.signal('SIGTERM')
    const late = new AbortController()
    await Promise.race([this.ended, pause(graceMs, undefined, { signal: late.signal }).catch(() => {})])
    late.abort()
    await this.kill()
  }

  /** Waits for `ready`, for the process's end or for `signal`, whichever comes first. Throws ServiceError, or the reason. */
  async whenReady<Value>(ready: Promise<Value>, signal?: AbortSignal): Promise<Value> {
    let abort: (() => void) | undefined
    try {
      return await Promise.race([
        ready,
        this.ended.then(how => {
          throw new ServiceError(`${this.name} ${how}. It said last (${this.#logFile}):\n${this.lastLines()}`)
        }),
        new Promise<never>((_, fail) => {
          abort = () => fail(signal?.reason)
          if (signal?.aborted) abort()
          signal?.addEventListener('abort', abort)
        }),
      ])
    } finally {
      if (abort) signal?.removeEventListener('abort', abort)
    }
  }
}

const standsStillWithinMs = 1_000
const napping = new Int32Array(new SharedArrayBuffer(4))

/** Whether every thread of a process is stopped (proc(5): state T); one that is gone stands still as well. */
function standsStill(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every(thread => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
    })
  } catch {
    return true // It ended while it was looked at.
  }
}
