import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ms } from '../../../live/units.ts'
import type { StoreConfig } from '../store-config.ts'

// A writing process and its end by SIGKILL, at an instant that the caller chooses.

export interface KilledWriter {
  /** The numbers that it said were acknowledged, in order. */
  readonly acknowledged: readonly number[]
  /** No number from here on was begun. */
  readonly end: number
}

export interface WriterPlan {
  readonly config: StoreConfig
  readonly seed: number
  readonly first: number
  readonly inFlight: number
  /** Killed so long after this many acknowledgements. */
  readonly afterAcknowledged: number
  readonly killAfterMs: Ms
}

const writer = new URL('./writer-worker.ts', import.meta.url).pathname

/** Lets a writer write and kills it as `plan` says; rejects when it ends by itself. */
export async function writeUntilKilled(plan: WriterPlan): Promise<KilledWriter> {
  const { config, seed, first, inFlight, afterAcknowledged, killAfterMs } = plan
  const args = [writer, JSON.stringify(config), `${seed}`, `${first}`, `${inFlight}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', text => (said += text))
  const acknowledged: number[] = []
  const ended = once(child, 'close')
  for await (const line of createInterface(child.stdout)) {
    if (line !== 'open') acknowledged.push(Number(line))
    if (acknowledged.length === afterAcknowledged && !child.killed) {
      await sleep(killAfterMs as number)
      child.kill('SIGKILL')
    }
  }
  const [, signal] = await ended
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${said}`)
  return { acknowledged, end: first + acknowledged.length + inFlight }
}
