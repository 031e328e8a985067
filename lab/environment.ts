import { spawnSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunRecord } from '../results/record/record.ts'

// What a record says of the machine and the code that made it.

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The machine's fingerprint; no hash covers it. */
export function environmentNow(startedAt: Date, command: string): RunRecord['environment'] {
  const cores = cpus()
  return {
    startedAt: startedAt.toISOString(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    loadAverage: loadavg(),
    command,
  }
}

/** The commit of this checkout, with `+` behind it where files differ from it; `unknown` outside a checkout. */
export function commitNow(): string {
  const git = (...args: string[]) =>
    spawnSync('git', ['--no-optional-locks', ...args], { cwd: root, encoding: 'utf8', timeout: 5_000 })
  const head = git('rev-parse', 'HEAD')
  if (head.status !== 0) return 'unknown'
  const changed = git('status', '--porcelain', '--untracked-files=no').stdout.trim() !== ''
  return head.stdout.trim() + (changed ? '+' : '')
}
