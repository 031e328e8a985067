import { formatAddress } from '../live/address.ts'
import { type LiveEvent, parseLiveEvent } from '../live/event.ts'

const answerWithinMs = 4_000

/** The live event `name` as the server at `base` has it. Throws an error that says what it answered. */
export async function eventThrough(base: string, name: string): Promise<LiveEvent> {
  const response = await fetch(`${base}${formatAddress({ kind: 'event-config', event: name })}`, {
    signal: AbortSignal.timeout(answerWithinMs),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`it answered ${response.status}`)
  return parseLiveEvent(JSON.parse(text))
}
