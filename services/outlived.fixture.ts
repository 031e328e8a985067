import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Runs `script` (of TypeScript modules), which prints a process id, kills the runner, and gives that id. */
export async function pidLeftBy(script: string): Promise<number> {
  const runner = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(runner, 'close')
  const line = await Promise.race([
    once(createInterface(runner.stdout), 'line').then(([line]) => line),
    ended.then(() => {
      throw new Error('it ended before it said anything')
    }),
  ])
  runner.kill('SIGKILL')
  await ended
  return Number(line)
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
