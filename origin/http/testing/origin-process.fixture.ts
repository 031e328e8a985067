import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { clockEnvironment } from '../../../process/clock.ts'
import { speakTo, type TestOrigin, tokens } from './test-origin.fixture.ts'

// Origins as processes of their own, for what only a process can do: be killed, and share nothing but a store.

const command = join(import.meta.dirname, '../../../cli/tidegate.mjs')
const overFolder = join(import.meta.dirname, 'shared-origin-worker.ts')

export interface OriginProcess extends Omit<TestOrigin, 'close'> {
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** What it has said on standard error so far. */
  said(): string
}

/** Starts origins over one clock, and ends them all. */
export class OriginProcesses {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tidegate-origins-'))
  readonly #children = new Set<ChildProcess>()
  #files = 0

  /** A folder of its own under this one's. */
  folder(name: string): string {
    return join(this.#folder, name)
  }

  /** `config` by `tidegate origin`, or, with `sharedFolder`, over a store in that folder. */
  async start(config: { name: string; event: TestOrigin['event'] }, sharedFolder?: string): Promise<OriginProcess> {
    const { child, ended, said } = this.spawn(config, sharedFolder)
    const ready = new Promise<string>((done, fail) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', done)
      void ended.then(code => fail(new Error(`the origin ended with ${code} before it was ready: ${said()}`)))
    })
    const { listen } = JSON.parse(await ready)
    return {
      ...speakTo(config.event, { delivery: '', publish: '', ...listen }),
      said,
      async kill() {
        child.kill('SIGKILL')
        await ended
      },
      stop() {
        child.kill('SIGTERM')
        return ended
      },
    }
  }

  /** The same without waiting for it to be ready. */
  spawn(config: object, sharedFolder?: string, ...flags: string[]) {
    const file = join(this.#folder, `config-${++this.#files}.json`)
    writeFileSync(file, JSON.stringify(config))
    const command_ =
      sharedFolder === undefined ? [command, 'origin', '--config', file, ...flags] : [overFolder, file, sharedFolder]
    const child = spawn(process.execPath, command_, {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...clockEnvironment(),
        TIDEGATE_PUBLISH_TOKEN: tokens.publish,
        TIDEGATE_CONTROL_TOKEN: tokens.control,
      },
    })
    this.#children.add(child)
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    const ended = new Promise<number | null>(done => child.once('close', code => done(code)))
    void ended.then(() => this.#children.delete(child))
    return { child, ended, said: () => text }
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#children].map(child => {
        const gone = new Promise(done => child.once('close', done))
        child.kill('SIGKILL')
        return gone
      }),
    )
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
