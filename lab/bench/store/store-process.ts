import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pinned } from './pin.ts'
import type { Plan, Result } from './worker-commands.ts'

// A process of the store benchmark, as its parent sees it.

const worker = fileURLToPath(new URL('./store-worker.ts', import.meta.url))

interface Waiting {
  readonly done: (result: never) => void
  readonly fail: (error: Error) => void
}

export class StoreProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  /** @param core that it may run on, where the machine can keep it there */
  constructor(environment: Readonly<Record<string, string>>, core?: number) {
    const [command = process.execPath, ...rest] = [...pinned(core), process.execPath, worker]
    this.#child = spawn(command, rest, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...environment },
    })
    this.#child.on('message', ({ id, result, error }: { id: number; result?: never; error?: string }) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.done(result as never)
      else waiting?.fail(new Error(error))
    })
    this.#child.once('exit', (code, signal) => {
      for (const { fail } of this.#waiting.values()) fail(new Error(`the process ended: ${signal ?? code}`))
      this.#waiting.clear()
    })
  }

  tell<P extends Plan>(plan: P): Promise<Result<P>> {
    const { promise, resolve, reject } = Promise.withResolvers<Result<P>>()
    const id = ++this.#lastId
    this.#waiting.set(id, { done: resolve as (result: never) => void, fail: reject })
    this.#child.send({ id, plan })
    return promise
  }

  /** Lets it close its store and end. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}
