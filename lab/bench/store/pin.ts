import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

// Which core a process may use, so that a load and what it is measured against do not share one. Linux only: elsewhere
// nothing is pinned, and the share of CPU that was left says what that means.

const taskset = '/usr/bin/taskset'
const canPin = existsSync(taskset)

/** What to put before a command so that it starts on `core`. */
export const pinned = (core: number | undefined): readonly string[] =>
  core !== undefined && canPin ? [taskset, '-c', String(core)] : []

/** Moves processes that run, with all of their threads, to `core`. */
export function pin(pids: readonly number[], core: number): void {
  if (!canPin) return
  for (const pid of pids) {
    const { status, stderr } = spawnSync(taskset, ['-acp', String(core), String(pid)], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`process ${pid} cannot be moved to core ${core}: ${stderr.trim()}`)
  }
}
