import type { Phase } from '../update.ts'
import { write } from './dom.ts'

// Whether anything runs, in words.

/** Beyond this, a scenario has no end that anybody would wait for. */
const endlessMs = 6 * 3_600_000

export const clock = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export function showPhase(phase: Phase): void {
  document.documentElement.dataset.phase = phase.is
  write('phase', wordsOf(phase))
  const start = document.querySelector<HTMLElement>('[data-field="start"]')
  if (start) start.hidden = phase.is !== 'ended' && phase.is !== 'failed'
}

export function showLost(why = 'the connection is lost; trying again …'): void {
  document.documentElement.dataset.phase = 'lost'
  write('phase', why)
}

function wordsOf(phase: Phase): string {
  switch (phase.is) {
    case 'idle':
      return 'no scenario is running'
    case 'starting':
      return `${phase.doing} …`
    case 'running':
      return phase.ofMs > endlessMs
        ? `running, ${clock(phase.forMs)}`
        : `running, ${clock(phase.forMs)} of ${clock(phase.ofMs)}`
    case 'ended':
      return 'the scenario has ended'
    case 'failed':
      return `it failed: ${phase.why.split('\n')[0]}`
  }
}
