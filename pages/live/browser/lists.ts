import type { Followed, Happening } from '../update.ts'
import { element, find, write } from './dom.ts'

// What just happened, and the way of one request.

const shownHappenings = 60
let lastNumber = 0

/** Adds what was not shown before, the newest on top. */
export function showHappenings(happened: readonly Happening[]): void {
  const list = find('#happenings')
  for (const { number, atMs, text, kind } of happened) {
    if (number <= lastNumber) continue
    if (lastNumber === 0) list.replaceChildren()
    lastNumber = number
    const time = element('time', { text: new Date(atMs).toLocaleTimeString('en-GB') })
    list.prepend(element('li', {}, time, element('span', { className: kind, text })))
  }
  while (list.childElementCount > shownHappenings) list.lastElementChild?.remove()
}

/** Another session, or another place of a recording: the list begins anew. */
export function forgetHappenings(): void {
  lastNumber = 0
  find('#happenings').replaceChildren(element('li', { className: 'quiet', text: 'nothing yet' }))
}

export function showFollowed({ side, id, steps }: Followed): void {
  const first = steps[0]?.afterMs ?? 0
  const took = (steps.at(-1)?.afterMs ?? 0) - first
  write('followed', `${id}, through the ${side}: ${took.toFixed(1)} ms in ${steps.length} steps`)
  find('#followed').replaceChildren(
    ...steps.map(({ afterMs, where, what }) =>
      element(
        'li',
        {},
        element('span', { className: 'after', text: `${afterMs.toFixed(2)} ms` }),
        element('span', { className: 'where', text: where }),
        element('span', { text: what }),
      ),
    ),
  )
}
