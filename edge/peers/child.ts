import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { PeerUser } from './scratch.ts'

// One foreign server as a child: bounded memory of what it said, and an end that leaves nothing behind, whichever way
// we ourselves end.

export interface ChildOptions {
  readonly binary: string
  readonly arguments: readonly string[]
  /** Its scratch folder, where it runs; removed with it when this process exits without having stopped it. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly user: PeerUser | undefined
}

export interface Child {
  readonly pid: number
  /** Resolves when it has ended, with how, in words. */
  readonly ended: Promise<string>
  /** The last lines that it wrote to standard output or error. */
  lastLines(): string
  /** SIGTERM, after `graceMs` SIGKILL to it and all its children. Resolves when none of them is left. */
  stop(graceMs?: number): Promise<void>
}

/** Error messages stand at the end; more than this nobody reads. */
const keptLines = 20
const keptBytes = 8 * 1024
const defaultGraceMs = 3_000
/** How long to wait after SIGKILL for the dead to be collected. */
const killedWithinMs = 300
const killStepMs = 10

/** Linux only: sends the child SIGTERM when its parent dies without a word (SIGKILL), which nothing else covers. */
const setpriv = '/usr/bin/setpriv'
const followParent = process.platform === 'linux' && existsSync(setpriv) ? [setpriv, '--pdeathsig', 'TERM', '--'] : []

/** Process group to scratch folder. */
const running = new Map<number, string>()
// For process.exit() and uncaught errors; signals' default action is the case of `followParent`.
process.on('exit', () => {
  for (const [pid, folder] of running) {
    signalGroup(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})

/** Starts a child in a process group of its own, so that Ctrl-C reaches it through us only. Throws when it cannot. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const [command = options.binary, ...rest] = [...followParent, options.binary, ...options.arguments]
  const child = spawn(command, rest, {
    cwd: options.folder,
    // Not the parent's environment: that holds tokens, which are nobody else's business.
    env: { PATH: `${process.env.PATH}:/usr/sbin`, LC_ALL: 'C', TMPDIR: options.folder, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...options.user,
  })
  const lastLines = keepLastLines(child)
  await new Promise<void>((done, fail) => child.once('spawn', done).once('error', fail))
  const pid = child.pid as number
  running.set(pid, options.folder)
  const ended = new Promise<string>(done => {
    child.once('exit', (code, signal) => {
      // A master that dies takes its workers along; when there are none, the number of the group may be used again.
      if (!signalGroup(pid, 'SIGKILL')) running.delete(pid)
      done(signal ? `ended by ${signal}` : `ended with exit code ${code}`)
    })
  })
  let stopping: Promise<void> | undefined
  const stop = async (graceMs: number): Promise<void> => {
    if (!running.has(pid)) return
    signalGroup(pid, 'SIGTERM', pid)
    const late = new AbortController()
    await Promise.race([ended, pause(graceMs, undefined, { signal: late.signal }).catch(() => {})])
    late.abort()
    signalGroup(pid, 'SIGKILL')
    await ended
    await untilGone(pid)
    running.delete(pid)
  }
  return {
    pid,
    ended,
    lastLines,
    stop(graceMs = defaultGraceMs) {
      stopping ??= stop(graceMs)
      return stopping
    },
  }
}

function keepLastLines(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-keptBytes)
    })
  }
  return () => text.trimEnd().split('\n').slice(-keptLines).join('\n')
}

/**
 * Until the child's own children are gone too. Nothing survives SIGKILL, but the dead count as members of their group
 * until somebody collects them, which PID 1 of a container may never do; they hold no port, file or memory.
 */
async function untilGone(pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < killedWithinMs; waitedMs += killStepMs) {
    if (!signalGroup(pid, 'SIGKILL')) return
    await pause(killStepMs)
  }
}

/** Signals the group of `pid`, or only `target`; false when there is nobody. */
function signalGroup(pid: number, signal: NodeJS.Signals, target: number = -pid): boolean {
  try {
    return process.kill(target, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}
