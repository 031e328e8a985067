import { now } from './clock.ts'

// How a process of Tidegate begins and ends, the same for all: one line of JSON on standard output when it is ready,
// a drain on SIGTERM and SIGINT that is bounded in time.

/** The line that a parent waits for. */
export interface ReadyLine {
  readonly ready: 'origin' | 'edge' | 'fleet' | 'pipeline'
  readonly name: string
  /** URLs of its listeners, by purpose: `delivery`, `publish`, `players`, `control`. */
  readonly listen: Record<string, string>
}

export const sayReady = (line: ReadyLine): void => {
  process.stdout.write(`${JSON.stringify({ ...line, pid: process.pid, atMs: now() })}\n`)
}

const drainBoundMs = 8_000

/** Runs `drain` once, on the first SIGTERM or SIGINT, and then exits; a second signal or the bound ends it at once. */
export function drainOnSignal(drain: () => Promise<void>): void {
  let draining = false
  const stop = (signal: NodeJS.Signals) => {
    if (draining) process.exit(signal === 'SIGINT' ? 130 : 143)
    draining = true
    const bound = setTimeout(() => {
      process.stderr.write(`tidegate: drained for ${drainBoundMs} ms without coming to an end; stopping now\n`)
      process.exit(1)
    }, drainBoundMs)
    bound.unref()
    drain().then(
      () => process.exit(0),
      error => {
        process.stderr.write(`tidegate: while draining: ${error instanceof Error ? error.stack : error}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // A parent that opened a channel and is gone, even by SIGKILL, leaves no process behind.
  if (process.connected) process.once('disconnect', () => stop('SIGTERM'))
}
