import { spawn } from 'node:child_process'
import { HarnessError } from '../harness-error.ts'

// A command to its end, with what it wrote.

export interface CommandPlan {
  readonly command: string
  /** Absent: `command` is a line for the shell. */
  readonly args?: readonly string[]
  readonly cwd: string
  readonly environment?: Readonly<Record<string, string>>
  readonly withinMs: number
  readonly signal: AbortSignal
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  /** The last lines of standard error. */
  readonly lastWords: string
}

/** A record with every part is a few MB; more is no record. */
const stdoutBytes = 256 * 1024 * 1024
const keptWords = 2_000

/** Runs it. Throws HarnessError when it cannot be started, takes too long or is aborted. */
export async function finish({ command, args, cwd, environment, withinMs, signal }: CommandPlan): Promise<Finished> {
  const title = [command, ...(args ?? [])].join(' ')
  const child = spawn(command, args ?? [], {
    cwd,
    env: { ...process.env, ...environment },
    shell: args === undefined,
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a group of its own, which ends as a whole: a shell does not pass its end on.
    detached: process.platform !== 'win32',
  })
  const chunks: Buffer[] = []
  let bytes = 0
  let lastWords = ''
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= stdoutBytes) chunks.push(chunk)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk).slice(-keptWords)
  })
  const end = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  const stop = () => endGroup(child.pid)
  end.addEventListener('abort', stop)
  try {
    const code = await new Promise<number | null>((done, fail) => {
      child.once('error', error => fail(new HarnessError(`${title} cannot be started: ${error.message}`)))
      child.once('close', done)
      if (end.aborted) stop()
    })
    if (signal.aborted) throw new HarnessError(`${title} was ended`)
    if (end.aborted) throw new HarnessError(`${title} took longer than ${Math.round(withinMs / 1_000)} s`)
    if (bytes > stdoutBytes) throw new HarnessError(`${title} wrote more than ${stdoutBytes} bytes`)
    return { code, stdout: Buffer.concat(chunks).toString(), lastWords: lastWords.trim() }
  } finally {
    end.removeEventListener('abort', stop)
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGTERM')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // It has ended by itself.
  }
}
