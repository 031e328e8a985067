import type { Command } from '../commands.ts'

// Everything by keyboard. Keys that a control needs for itself are left to it.

export type Act = 'keys' | 'play' | 'story' | 'story-run' | 'motion' | 'more' | 'fewer'

const actKeys: Readonly<Record<string, Act>> = {
  '?': 'keys',
  p: 'play',
  s: 'story',
  ' ': 'story-run',
  m: 'motion',
  '+': 'more',
  '=': 'more',
  '-': 'fewer',
}
const commandKeys: Readonly<Record<string, Command>> = {
  r: { do: 'reset' },
  f: { do: 'follow', side: 'right' },
  Enter: { do: 'start' },
  ArrowLeft: { do: 'story', to: 'back' },
  ArrowRight: { do: 'story', to: 'next' },
  1: { do: 'preset', side: 'left', preset: 'none' },
  2: { do: 'preset', side: 'left', preset: 'nginx' },
  3: { do: 'preset', side: 'left', preset: 'oca' },
  8: { do: 'preset', side: 'right', preset: 'none' },
  9: { do: 'preset', side: 'right', preset: 'nginx' },
  0: { do: 'preset', side: 'right', preset: 'oca' },
}

export function listenToKeys(
  acts: Readonly<Record<Act, () => void>>,
  own: Readonly<Record<string, () => void>>,
  obey?: (command: Command) => void,
): void {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const act = actKeys[key]
    const command = commandKeys[key]
    if (own[key]) own[key]()
    else if (act) acts[act]()
    else if (command && obey && isWanted(command)) obey(command)
    else return
    event.preventDefault()
  })
}

/** Whether the focused control does something with this key itself. */
function isTaken({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false
  if (target.closest('input, select, textarea, video')) return true
  return target.closest('button, a, summary, dialog[open]') !== null && (key === ' ' || key === 'Enter')
}

/** Keys for what is not there are no mistakes: nothing is asked of the server. */
function isWanted(command: Command): boolean {
  if (command.do === 'start') return document.querySelector('[data-field="start"]:not([hidden])') !== null
  return command.do !== 'story' || document.querySelector('#story:not([hidden])') !== null
}
