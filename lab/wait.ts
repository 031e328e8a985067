import { setTimeout as sleep } from 'node:timers/promises'
import type { EpochMs, Ms } from '../live/units.ts'
import { now } from '../process/clock.ts'
import { HarnessError } from './harness-error.ts'

/** Waits until `instant` on the run's clock; at once when it has passed. Rejects when `signal` aborts. */
export async function until(instant: EpochMs, signal?: AbortSignal): Promise<void> {
  // A timer may fire up to a millisecond early.
  for (;;) {
    const leftMs = (instant as number) - (now() as number)
    if (leftMs <= 0) return
    await sleep(Math.ceil(leftMs), undefined, signal ? { signal } : {})
  }
}

/** Asks `question` every `everyMs` until it gives something; throws HarnessError that `what` did not come in time. */
export async function askUntil<Answer>(
  what: string,
  question: () => Promise<Answer | undefined>,
  options: { readonly everyMs: Ms; readonly withinMs: Ms; readonly signal?: AbortSignal | undefined },
): Promise<Answer> {
  const endMs = (now() as number) + (options.withinMs as number)
  for (;;) {
    const answer = await question()
    if (answer !== undefined) return answer
    if ((now() as number) > endMs) throw new HarnessError(`${what} did not come about within ${options.withinMs} ms`)
    await sleep(options.everyMs as number, undefined, options.signal ? { signal: options.signal } : {})
  }
}
