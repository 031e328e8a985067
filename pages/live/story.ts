import { behaviours } from './behaviours.ts'
import type { Command } from './commands.ts'
import type { StoryState } from './story-state.ts'
import type { SideUpdate, Update } from './update.ts'

// A story for a room: three minutes in steps, each of which sets something up, says what it is, what to watch, and which
// number changes. The presenter goes on, or it goes on by itself. Time is handed in.

interface Measure {
  readonly label: string
  read(side: SideUpdate): string
}

const perSecond = (value: number): string => `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)}/s`
const measures = {
  origin: { label: 'requests that reach the origin', read: side => perSecond(side.rates.origin) },
  waits: {
    label: 'wait of the slowest 1 %',
    read: side => (side.waitMs ? `${Math.round(side.waitMs.p99)} ms` : '–'),
  },
  collapsed: { label: 'requests that wait for somebody else’s', read: side => perSecond(side.rates.collapsed) },
  held: { label: 'requests held at the origin', read: side => String(side.held) },
  stops: { label: 'times that playback stopped', read: side => String(side.totals.stops) },
} as const satisfies Record<string, Measure>

export interface StoryStep {
  readonly title: string
  readonly says: string
  readonly watch: string
  readonly measure: keyof typeof measures
  readonly forMs: number
  readonly commands: readonly Command[]
  /** What comes a moment into the step. */
  readonly later?: { readonly afterMs: number; readonly commands: readonly Command[] }
}

const players = (count: number): Command => ({ do: 'players', players: count })
const preset = (side: 'left' | 'right', name: 'none' | 'nginx' | 'oca'): Command => ({
  do: 'preset',
  side,
  preset: name,
})
const on = (...names: string[]): Command[] =>
  names.map(name => ({ do: 'behaviour', side: 'right', behaviour: name, on: true }))
const saysOf = (name: string): string => behaviours.find(one => one.name === name)?.says ?? ''

/** The steps, for a room of `crowd` viewers on each side. */
export const storySteps = (crowd: number): readonly StoryStep[] => [
  {
    title: 'One viewer',
    says: 'A viewer asks for a piece of video every two seconds. Without a cache, each of these requests goes to the origin.',
    watch: 'the marks: each one travels the whole way, on both sides',
    measure: 'origin',
    forMs: 14_000,
    commands: [{ do: 'reset' }, preset('left', 'none'), preset('right', 'none'), players(1)],
  },
  {
    title: `${crowd} viewers, no cache`,
    says: 'All of them watch the same instant, so all ask for the same piece at once. The origin answers every one.',
    watch: 'the big number climbs with the crowd',
    measure: 'origin',
    forMs: 18_000,
    commands: [players(crowd)],
  },
  {
    title: 'A stock nginx on the left',
    says: 'A cache helps at once. It keeps whole seconds, lets one request through for many, and waiters look again every half second.',
    watch: 'left: the origin’s load falls; the wait of the slowest viewers does not',
    measure: 'origin',
    forMs: 16_000,
    commands: [preset('left', 'nginx')],
  },
  {
    title: 'On the right: a cache, step by step',
    says: `${saysOf('proxy_cache')} Alone, it does not stop a herd: until the first answer is there, everybody asks.`,
    watch: 'right: bursts at the start of each segment',
    measure: 'origin',
    forMs: 14_000,
    commands: on('proxy_cache'),
  },
  {
    title: 'One request for many',
    says: saysOf('proxy_cache_lock'),
    watch: 'right: diamonds gather at the edge while one triangle goes on',
    measure: 'collapsed',
    forMs: 14_000,
    commands: on('proxy_cache_lock', 'lockCovers', 'afterLockTimeout'),
  },
  {
    title: 'Wake who waits, and pass bytes on at once',
    says: `${saysOf('wakeOnFill')} ${saysOf('streamWhileFilling')}`,
    watch: 'the wait of the slowest 1 %: right against left',
    measure: 'waits',
    forMs: 14_000,
    commands: on('wakeOnFill', 'streamWhileFilling'),
  },
  {
    title: 'Lifetimes in milliseconds, and 404s that are kept',
    says: `${saysOf('lifetimeGrain')} ${saysOf('negativeCaching')}`,
    watch: 'right: the origin’s load',
    measure: 'origin',
    forMs: 14_000,
    commands: on('lifetimeGrain', 'negativeCaching', 'rangeValidation'),
  },
  {
    title: 'One edge asks for its site',
    says: saysOf('designatedFill'),
    watch: 'right: the origin sees one request for each piece, however many edges there are',
    measure: 'origin',
    forMs: 14_000,
    commands: on('designatedFill'),
  },
  {
    title: 'All of it',
    says: 'The rest: a broken fetch is mended, notifications ride on every answer, old playlists rather than none.',
    watch: 'right: what is left at the origin is one request for each piece of video',
    measure: 'origin',
    forMs: 14_000,
    commands: [preset('right', 'oca')],
  },
  {
    title: 'A pipeline is lost',
    says: 'One of the two encoders goes dark. The origin has the other one’s segments and serves these; no viewer should notice.',
    watch: 'playback: it does not stop; every answer now comes from the other pipeline',
    measure: 'stops',
    forMs: 18_000,
    commands: [{ do: 'fault', fault: 'lose-pipeline' }],
  },
  {
    title: 'Kick-off',
    says: 'The room empties, and everybody comes back within two seconds.',
    watch: 'both big numbers, side by side, when the crowd arrives',
    measure: 'origin',
    forMs: 24_000,
    commands: [players(10)],
    later: { afterMs: 6_000, commands: [players(crowd)] },
  },
]

export class Story {
  readonly steps: readonly StoryStep[]
  #at = -1
  #runs: boolean
  #beganMs = 0
  #before: { left: string; right: string } | undefined
  #laterIsDue = false

  constructor(steps: readonly StoryStep[], runs: boolean) {
    this.steps = steps
    this.#runs = runs
  }

  /** Goes to a step; gives what is to be done for it. */
  goTo(step: number, now: number): readonly Command[] {
    this.#at = Math.min(this.steps.length - 1, Math.max(0, step))
    this.#beganMs = now
    this.#before = undefined
    this.#laterIsDue = true
    return this.steps[this.#at]?.commands ?? []
  }

  next(now: number): readonly Command[] {
    return this.#at + 1 < this.steps.length ? this.goTo(this.#at + 1, now) : []
  }

  back(now: number): readonly Command[] {
    return this.goTo(this.#at - 1, now)
  }

  /** Whether it goes on by itself. */
  run(runs: boolean): void {
    this.#runs = runs
  }

  /** What is to be done now: what a step means to do later, and the next step when its time is over. */
  tick(now: number): readonly Command[] {
    const step = this.steps[this.#at]
    if (!step) return this.next(now)
    const inStepMs = now - this.#beganMs
    if (step.later && this.#laterIsDue && inStepMs >= step.later.afterMs) {
      this.#laterIsDue = false
      return step.later.commands
    }
    return this.#runs && inStepMs >= step.forMs ? this.next(now) : []
  }

  /** As the page shows it. */
  state(sides: Update['sides'], now: number): StoryState | undefined {
    const step = this.steps[this.#at]
    if (!step) return undefined
    const { label, read } = measures[step.measure]
    const values = { left: sides ? read(sides.left) : '–', right: sides ? read(sides.right) : '–' }
    this.#before ??= values
    return {
      step: this.#at + 1,
      of: this.steps.length,
      title: step.title,
      says: step.says,
      watch: step.watch,
      number: { label, before: this.#before, now: values },
      runs: this.#runs,
      leftMs: Math.max(0, step.forMs - (now - this.#beganMs)),
    }
  }
}
