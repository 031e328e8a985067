import type { LiveEvent } from '../../live/event.ts'
import { dueFrom, isOfEvent, leavesWindow } from '../../live/template.ts'
import { after, between, type EpochMs, type Ms } from '../../live/units.ts'
import type { Target } from './target.ts'

// Range validation: what cannot be there is refused by the edge, and nothing goes upstream (fact file live-origin.md,
// "Answers"). Only numbers that clocks which differ could not explain are refused.

export type Gate =
  | { readonly passes: true; readonly untilMs: EpochMs }
  | {
      readonly passes: false
      readonly status: 404 | 410
      readonly reason: 'refused-outside' | 'refused-too-early' | 'refused-left-window'
      readonly untilMs: EpochMs
      readonly askAgainInMs?: Ms
    }

/** An instant behind every run; unlike Infinity it survives a log in JSON. */
export const forever: EpochMs = Number.MAX_SAFE_INTEGER

const open: Gate = { passes: true, untilMs: forever }

/** Whether the event's template lets `target` be asked for at `now`, and until when it says so. */
export function gateOf(target: Target, now: EpochMs): Gate {
  const { config, rendition, number } = target
  if (!config || rendition === undefined) return open
  if (!config.renditions.some(({ name }) => name === rendition)) return outside
  return number === undefined ? open : numberGate(config, number, now)
}

const outside: Gate = { passes: false, status: 404, reason: 'refused-outside', untilMs: forever }

function numberGate(config: LiveEvent, number: number, now: EpochMs): Gate {
  if (!isOfEvent(config, number)) return outside
  const opensMs = after(dueFrom(config, number), -config.clockSlackMs)
  if (now < opensMs) {
    const askAgainInMs = between(now, dueFrom(config, number))
    return { passes: false, status: 404, reason: 'refused-too-early', untilMs: opensMs, askAgainInMs }
  }
  const closesMs = after(leavesWindow(config, number), config.clockSlackMs)
  if (now >= closesMs) return { passes: false, status: 410, reason: 'refused-left-window', untilMs: forever }
  return { passes: true, untilMs: closesMs }
}
