import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from './find-program.ts'
import { freePort } from './free-port.ts'
import { AbsentError, type Service, ServiceError, type ServiceOptions } from './service.ts'
import { ServiceProcess } from './service-process.ts'
import { answersWith, untilAnswers } from './until-answers.ts'

// A real memcached on a free port of loopback, which can be killed, hung and restarted.

export interface MemcachedOptions extends ServiceOptions {
  /** What it may keep; the oldest items make room. */
  readonly memoryMib?: number
}

export interface MemcachedService extends Service {
  /** `address:port`, for `store.memcached.servers`; the same after a restart. */
  readonly address: string
  readonly pid: number
  /** SIGKILL: it is gone at once, and what it kept with it. */
  kill(): Promise<void>
  /** Starts it again, empty, where it was. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay, nothing is answered. */
  hang(): void
  /** SIGCONT: it goes on, and answers what has been asked meanwhile. */
  resume(): void
}

const defaultMemoryMib = 256
const readyWithinMs = 15_000
/** Another process may take the free port first. */
const attempts = 5
/** The largest item: of a chunk in its frame with room to spare, as in memcached's own default. */
const itemSize = '1m'

export const findMemcached = () => findProgram('memcached', 'apt-get install memcached (macOS: brew install memcached)')

/** Starts memcached; resolves when it answers. Throws AbsentError when it is not installed, ServiceError. */
export async function startMemcached(options: MemcachedOptions): Promise<MemcachedService> {
  const program = await findMemcached()
  if ('absent' in program) throw new AbsentError(program.absent)
  await mkdir(options.folder, { recursive: true })
  for (let attempt = 1; ; attempt++) {
    const server = new Memcached(program.path, await freePort(), options)
    try {
      await server.start(options.signal)
      options.tell?.(`memcached on ${server.address}`)
      return server
    } catch (error) {
      await server.stop()
      if (attempt === attempts || !(error instanceof ServiceError) || options.signal?.aborted) throw error
    }
  }
}

class Memcached implements MemcachedService {
  readonly #binary: string
  readonly #port: number
  readonly #options: MemcachedOptions
  #process: ServiceProcess | undefined
  #stopped = false

  constructor(binary: string, port: number, options: MemcachedOptions) {
    this.#binary = binary
    this.#port = port
    this.#options = options
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  get pid(): number {
    return this.#process?.pid as number
  }

  async start(signal?: AbortSignal): Promise<void> {
    const { folder, memoryMib = defaultMemoryMib } = this.#options
    const name = `memcached on ${this.address}`
    this.#process = await ServiceProcess.start({
      name,
      binary: this.#binary,
      arguments: [
        ...['-l', '127.0.0.1', '-p', String(this.#port), '-U', '0'],
        ...['-m', String(memoryMib), '-I', itemSize, '-t', '2'],
        // memcached does not run as root unless told to. Another user would be no safer on loopback, and the kernel
        // forgets to end a process with its parent when it changes its user.
        ...(process.getuid?.() === 0 ? ['-u', 'root'] : []),
      ],
      folder,
      logFile: join(folder, `memcached-${this.#port}.log`),
    })
    await untilAnswers(this.#process, () => answersWith(this.#port, 'mn\r\n', 'MN'), readyWithinMs, signal)
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  async restart(): Promise<void> {
    if (this.#stopped) throw new ServiceError(`memcached on ${this.address} is stopped`)
    await this.#process?.kill()
    await this.start()
  }

  hang(): void {
    this.#process?.hang()
  }

  resume(): void {
    this.#process?.resume()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.resume()
    await this.#process?.stop()
  }
}
