import { formatNumber } from '../../results/render/format.ts'
import { connect, send } from './browser/connection.ts'
import { Curve } from './browser/curve.ts'
import { find, write } from './browser/dom.ts'
import { type Act, listenToKeys } from './browser/keys.ts'
import { forgetHappenings, showFollowed, showHappenings } from './browser/lists.ts'
import { showLost, showPhase } from './browser/phase-view.ts'
import { PlayerView } from './browser/player-view.ts'
import { Replay } from './browser/replay.ts'
import { SideView } from './browser/side-view.ts'
import { showStory } from './browser/story-view.ts'
import { ViewersSlider, viewersOf } from './browser/viewers.ts'
import type { Command } from './commands.ts'
import type { Message, Update } from './update.ts'

// The live page in a browser: shows what it hears, from the server or from a recording, and sends what is pressed.

const replayed = document.documentElement.dataset.mode === 'replay'
const sides = { left: new SideView('left'), right: new SideView('right') }
const curve = new Curve()
const player = replayed ? undefined : new PlayerView()
const viewers = replayed ? undefined : new ViewersSlider(count => obey({ do: 'players', players: count }))
let latest: Update | undefined

function hear(message: Message, past = false): void {
  switch (message.is) {
    case 'opening':
      write('scenario', `· ${message.scenario}`)
      player?.open(message)
      viewers?.open(message.mostPlayers)
      return
    case 'before':
      curve.restart(message.curve)
      showHappenings(message.happened)
      return
    case 'update':
      latest = message
      showHappenings(message.happened)
      if (message.followed) showFollowed(message.followed)
      if (message.sides) curve.add(message.atMs, message.sides.left.rates.origin, message.sides.right.rates.origin)
      if (!past) show(message)
  }
}

function show(update: Update): void {
  const { phase, origin, pipelines, server } = update
  if (!replayed) showPhase(phase)
  document.documentElement.classList.toggle('still', update.sides === undefined)
  if (update.sides) {
    sides.left.show(update.sides.left)
    sides.right.show(update.sides.right)
    viewers?.show(viewersOf(update.sides))
  }
  showStory(update.story)
  write(
    'server',
    `${formatNumber(server.updatesPerS)} updates a second, ${formatNumber(server.cpuShare * 100)} % of a core`,
  )
  const troubles = [
    ...(origin?.alive ? [] : ['▲ is gone']),
    ...(origin?.down ? ['▲ refuses everything'] : []),
    ...(origin && origin.slowMs > 0 ? [`▲ ${origin.slowMs} ms slower`] : []),
    ...(origin?.shedding ? ['▲ sheds DVR'] : []),
    ...(origin && origin.masks > 0 ? [`${origin.masks} masked ranges`] : []),
  ]
  write('origin-state', origin ? troubles.join(', ') || `sound, event version ${origin.version}` : '–')
  write(
    'pipelines',
    pipelines
      .map(({ pipeline, troubles }) => `${pipeline}: ${troubles.length > 0 ? `▲ ${troubles.join(', ')}` : 'sound'}`)
      .join('; ') || '–',
  )
}

function obey(command: Command): void {
  trouble(undefined)
  send(command).catch(error => trouble((error as Error).message))
}

function trouble(what: string | undefined): void {
  const place = find('[data-field="trouble"]')
  place.hidden = what === undefined
  place.textContent = what ?? ''
}

// What keys and buttons mean.
const dialog = find<HTMLDialogElement>('#keys')
const acts: Record<Act, () => void> = {
  keys: () => (dialog.open ? dialog.close() : dialog.showModal()),
  play: () => player?.toggle(),
  story: () => obey({ do: 'story', to: latest?.story ? 'end' : 'begin' }),
  'story-run': () => {
    if (latest?.story) obey({ do: 'story', to: latest.story.runs ? 'hold' : 'run' })
  },
  motion: () => setMotion(document.documentElement.dataset.motion === 'off'),
  more: () => viewers?.step(1),
  fewer: () => viewers?.step(-1),
}

document.addEventListener('click', event => {
  const button = event.target instanceof Element ? event.target.closest<HTMLElement>('button') : null
  if (!button) return
  const { command, act, behaviour } = button.dataset
  if (command) obey(JSON.parse(command) as Command)
  if (act) acts[act as Act]()
  if (behaviour && !replayed) {
    const side = button.closest<HTMLElement>('[data-side]')?.dataset.side as 'left' | 'right'
    obey({ do: 'behaviour', side, behaviour, on: button.getAttribute('aria-checked') !== 'true' })
  }
})

const stillness = matchMedia('(prefers-reduced-motion: reduce)')
function setMotion(moves: boolean): void {
  document.documentElement.dataset.motion = moves ? 'on' : 'off'
  for (const side of Object.values(sides)) side.moves = moves
}
setMotion(!stillness.matches)
stillness.addEventListener('change', () => setMotion(!stillness.matches))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const side of Object.values(sides)) side.recolor()
  curve.redraw()
})

if (replayed) {
  for (const control of document.querySelectorAll('[data-live]')) control.remove()
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-behaviour]')) button.disabled = true
  const messages = JSON.parse(find('#recording').textContent ?? '[]') as Message[]
  const replay = new Replay(messages, {
    message: hear,
    jumped() {
      forgetHappenings()
      curve.restart([])
    },
  })
  find('[data-replay="toggle"]').addEventListener('click', () => replay.toggle())
  listenToKeys(
    { ...acts, story: () => undefined },
    { ' ': () => replay.toggle(), ArrowLeft: () => replay.skip(-5_000), ArrowRight: () => replay.skip(5_000) },
  )
} else {
  listenToKeys(acts, {}, obey)
  connect({ message: hear, lost: showLost })
}
document.documentElement.dataset.ready = 'true'
