import type { DuelReading } from '../../lab/duel-readings.ts'
import { type Side, sides } from '../../lab/duel-scenario.ts'
import { limits } from '../../live/limits.ts'
import type { Command } from './commands.ts'
import { faults, sideWords } from './faults.ts'
import type { Happening, SideUpdate } from './update.ts'

// What just happened, in words: what was commanded, what processes did, what viewers met.

/** What viewers met is summed up over this time, so that one storm is one line. */
const sumUpMs = 2_000

export class Happenings {
  #number = 0
  #fresh: Happening[] = []
  readonly #recent: Happening[] = []
  #notified = 0
  #summedMs = 0
  readonly #stops: Record<Side, number> = { left: 0, right: 0 }
  readonly #early: Record<Side, number> = { left: 0, right: 0 }

  add(kind: Happening['kind'], text: string, atMs: number): void {
    const happening = { number: ++this.#number, atMs, text, kind }
    this.#fresh.push(happening)
    this.#recent.push(happening)
    if (this.#recent.length > limits.demoHappenings) this.#recent.shift()
  }

  /** Those that nobody was told of yet. */
  takeFresh(): Happening[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  /** The last ones, for a page that joins. */
  get recent(): readonly Happening[] {
    return this.#recent
  }

  /** Notes what changed: new notifications, players who had to stop or got a 404 for what was already made. */
  notice({ origin, atMs }: DuelReading, shown: Readonly<Record<Side, SideUpdate>>): void {
    for (const { sequence, type, text } of origin?.notifications.notifications ?? []) {
      if (sequence <= this.#notified) continue
      this.#notified = sequence
      this.add('event', `notification ${sequence}: ${type}${text ? ` (${text})` : ''}`, atMs)
    }
    if (atMs - this.#summedMs < sumUpMs) return
    this.#summedMs = atMs
    for (const side of sides) {
      const { stops, early404 } = shown[side].totals
      if (stops > this.#stops[side]) {
        this.add('trouble', `${times(stops - this.#stops[side])} playback stopped ${sideWords[side]}`, atMs)
      }
      if (early404 > this.#early[side]) {
        this.add('trouble', `${early404 - this.#early[side]} early 404s seen ${sideWords[side]}`, atMs)
      }
      this.#stops[side] = stops
      this.#early[side] = early404
    }
  }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

/** A command as the list of what happened has it; undefined: it shows by itself. */
export function commandInWords(command: Command): string | undefined {
  switch (command.do) {
    case 'preset':
      return `${command.preset} ${sideWords[command.side]}`
    case 'behaviour':
      return `${command.behaviour} ${command.on ? 'on' : 'off'} ${sideWords[command.side]}`
    case 'players':
      return `${command.players} ${command.players === 1 ? 'viewer' : 'viewers'} ${command.side ? sideWords[command.side] : 'on each side'}`
    case 'fault': {
      const fault = faults.find(({ name }) => name === command.fault)
      return `${fault?.label} ${fault?.ofSide && command.side ? sideWords[command.side] : ''}`.trim()
    }
    case 'reset':
      return 'everything is as it was at the start'
    case 'follow':
    case 'start':
    case 'story':
      return undefined
  }
}

/** What the lab says of an action that took effect; undefined for those whose command says it all. */
export function actionInWords(action: Record<string, unknown>): string | undefined {
  if (action.skipped !== undefined) return `${action.do} is not possible here: ${action.skipped}`
  switch (action.do) {
    case 'kill-edge':
    case 'restart-edge':
      return `edge ${action.edge} is killed`
    case 'revive-edge':
      return `edge ${action.edge} is back, with nothing stored`
    case 'kill-origin':
      return 'the origin is killed'
    case 'revive-origin':
      return 'the origin is back'
    default:
      return undefined
  }
}
