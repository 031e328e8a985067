import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Duel } from '../../lab/duel.ts'
import type { DuelReading } from '../../lab/duel-readings.ts'
import { type Policies, type Scenario, type Side, sides } from '../../lab/duel-scenario.ts'
import { parsePolicy, presetNames } from '../../lab/policies.ts'
import { limits } from '../../live/limits.ts'
import { now } from '../../process/clock.ts'
import { behaviours, behavioursOf } from './behaviours.ts'
import type { Command } from './commands.ts'
import { CpuShare } from './cpu-share.ts'
import { actionsOf } from './faults.ts'
import { actionInWords, commandInWords, Happenings } from './happenings.ts'
import { originUpdate, pipelineUpdates } from './origin-update.ts'
import { SideHistory } from './side-history.ts'
import { Story, type StoryStep } from './story.ts'
import { type Followed, type Message, type Opening, type Phase, recordingSchemaName, type Update } from './update.ts'

// One session of the live page: runs the scenario, looks at its processes five times a second, tells everybody who
// watches, and does what it is commanded. It outlives a scenario that ends or fails, and can run it again.

const everyMs = 200

export interface SessionOptions {
  readonly scenario: Scenario
  readonly policies: Policies
  readonly players: number
  /** Configurations, logs and last words of the processes. */
  readonly folder: string
  /** A story that begins with the session, or can be begun from the page. */
  readonly story: readonly StoryStep[]
  readonly tellsStory: boolean
}

/** A command that is not possible now; its message is for the presenter. */
export class NotNow extends Error {}

export class Session {
  readonly #options: SessionOptions
  readonly #happenings = new Happenings()
  readonly #watchers = new Set<(message: Message) => void>()
  readonly #cpu = new CpuShare(() => now() as number)
  readonly #ending = new AbortController()
  readonly #presetOn = Object.fromEntries(presetNames.map(name => [name, behavioursOf(parsePolicy(name).policy)]))
  #histories: Record<Side, SideHistory> = { left: new SideHistory(), right: new SideHistory() }
  #phase: Phase = { is: 'idle' }
  #opening: Opening | undefined
  #duel: Duel | undefined
  #beganMs = 0
  #reading: DuelReading | undefined
  #story: Story | undefined
  /** To be told with the next update. */
  #followed: Followed | undefined
  #running: Promise<void> | undefined
  /** How often the scenario was begun. */
  #runs = 0
  #commanding: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  /** Origin requests a second of both sides, once a second, for a page that joins. */
  readonly #curve: { atMs: number; left: number; right: number }[] = []

  constructor(options: SessionOptions) {
    this.#options = options
    if (options.tellsStory) this.#story = new Story(options.story, true)
  }

  /** Begins to tell, and to run the scenario. */
  begin(): void {
    this.#run()
    const tick = async (): Promise<void> => {
      const beganMs = now() as number
      await this.#tick().catch(error => this.#trouble(error))
      if (this.#ending.signal.aborted) return
      this.#timer = setTimeout(tick, Math.max(0, everyMs - ((now() as number) - beganMs)))
    }
    void tick()
  }

  /** `watcher` is told every message from now on. */
  watch(watcher: (message: Message) => void): void {
    this.#watchers.add(watcher)
  }

  /** What a page that joins must know of before. */
  greeting(): Message[] {
    const before = { is: 'before', curve: this.#curve, happened: this.#happenings.recent } as const
    return this.#opening ? [this.#opening, before] : [before]
  }

  /** Does what `command` says, after those before it. Throws NotNow. */
  async command(command: Command): Promise<void> {
    const doing = this.#commanding.then(() => this.#carryOut(command))
    this.#commanding = doing.catch(() => undefined)
    await doing
  }

  async end(): Promise<void> {
    this.#ending.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  #run(): void {
    this.#running = this.#play().catch(error => {
      if (this.#ending.signal.aborted) return
      const why = error instanceof Error ? error.message : String(error)
      this.#phase = { is: 'failed', why }
      this.#happenings.add('trouble', why, now() as number)
    })
  }

  async #play(): Promise<void> {
    const { scenario, policies, players, folder } = this.#options
    const { signal } = this.#ending
    const tell = (doing: string) => {
      this.#phase = { is: 'starting', doing }
    }
    tell('starting the processes')
    this.#histories = { left: new SideHistory(), right: new SideHistory() }
    // A folder for each time: a store belongs to the event that was put on the clock with it.
    const own = join(folder, String(++this.#runs))
    const duel = await Duel.start({ scenario, policies, players, folder: own, tell, signal })
    try {
      this.#duel = duel
      this.#beganMs = now() as number
      this.#open(duel)
      this.#phase = { is: 'running', forMs: 0, ofMs: scenario.durationMs }
      const over = sleep(scenario.durationMs, undefined, { signal }).catch(() => undefined)
      const actions = duel.act(scenario.actions, this.#beganMs, action => this.#tellAction(action))
      await Promise.race([over, duel.death.then(error => Promise.reject(error)), actions.then(() => over)])
      this.#phase = { is: 'ended' }
      this.#happenings.add('event', 'the scenario has ended', now() as number)
    } finally {
      this.#duel = undefined
      this.#reading = undefined
      await duel.stop()
    }
  }

  #open(duel: Duel): void {
    const { scenario } = this.#options
    this.#opening = {
      is: 'opening',
      schema: recordingSchemaName,
      scenario: scenario.name,
      shows: scenario.shows,
      event: duel.event.event,
      playable: duel.event.body === 'cmaf',
      pipelines: duel.event.pipelines,
      edges: { left: duel.edges('left'), right: duel.edges('right') },
      mostPlayers: limits.demoPlayers,
    }
    this.#tell(this.#opening)
  }

  async #tick(): Promise<void> {
    const duel = this.#duel
    const reading = await duel?.read()
    // It may have ended while it was read.
    this.#reading = duel === this.#duel ? reading : undefined
    const atMs = now() as number
    if (this.#duel && this.#phase.is === 'running') this.#phase = { ...this.#phase, forMs: atMs - this.#beganMs }
    if (this.#duel) for (const command of this.#story?.tick(atMs) ?? []) this.#commandByItself(command)
    this.#tell(this.#updateOf(this.#reading, atMs))
  }

  #updateOf(reading: DuelReading | undefined, atMs: number): Update {
    const shown = reading && {
      left: this.#histories.left.take(reading.sides.left, atMs, this.#presetOn),
      right: this.#histories.right.take(reading.sides.right, atMs, this.#presetOn),
    }
    if (reading && shown) {
      this.#happenings.notice(reading, shown)
      this.#remember(atMs, shown.left.rates.origin, shown.right.rates.origin)
    }
    const followed = this.#followed
    this.#followed = undefined
    return {
      is: 'update',
      atMs,
      phase: this.#phase,
      sides: shown,
      origin: reading && originUpdate(reading),
      pipelines: reading ? pipelineUpdates(reading) : [],
      happened: this.#happenings.takeFresh(),
      story: this.#story?.state(shown, atMs),
      followed,
      server: this.#cpu.tick(),
    }
  }

  /** Keeps one point a second. */
  #remember(atMs: number, left: number, right: number): void {
    if (atMs - (this.#curve.at(-1)?.atMs ?? 0) < 1_000) return
    this.#curve.push({ atMs, left, right })
    if (this.#curve.length > limits.demoCurvePoints) this.#curve.shift()
  }

  #tell(message: Message): void {
    for (const watcher of this.#watchers) watcher(message)
  }

  #commandByItself(command: Command): void {
    this.command(command).catch(error => this.#trouble(error))
  }

  #trouble(error: unknown): void {
    if (this.#ending.signal.aborted) return
    this.#happenings.add('trouble', error instanceof Error ? error.message : String(error), now() as number)
  }

  #tellAction(action: Record<string, unknown>): void {
    const words = actionInWords(action)
    if (words) this.#happenings.add('event', words, now() as number)
  }

  async #carryOut(command: Command): Promise<void> {
    if (command.do === 'start') return this.#startAgain()
    if (command.do === 'story') return this.#tellStory(command.to)
    const duel = this.#duel
    if (!duel) throw new NotNow('no scenario is running: start it first')
    const words = commandInWords(command)
    if (words) this.#happenings.add('command', words, now() as number)
    switch (command.do) {
      case 'preset':
        return duel.setPolicy(command.side, { preset: command.preset })
      case 'behaviour': {
        const behaviour = behaviours.find(({ name }) => name === command.behaviour)
        return duel.setPolicy(command.side, { switches: behaviour?.[command.on ? 'on' : 'off'] })
      }
      case 'players':
        await Promise.all((command.side ? [command.side] : sides).map(side => duel.setPlayers(side, command.players)))
        return
      case 'fault':
        return this.#break(duel, command)
      case 'reset':
        await duel.reset()
        for (const side of sides) this.#histories[side].reset()
        return
      case 'follow':
        return this.#follow(duel, command.side)
    }
  }

  async #follow(duel: Duel, side: Side): Promise<void> {
    const { id, steps } = await duel.follow(side)
    const beganMs = steps[0]?.atMs ?? 0
    this.#followed = {
      side,
      id,
      steps: steps.map(({ atMs, where, what }) => ({ afterMs: Number((atMs - beganMs).toFixed(3)), where, what })),
    }
  }

  /** Resolves when it took effect; what it must undo later goes on by itself. */
  async #break(duel: Duel, { fault, side }: Extract<Command, { do: 'fault' }>): Promise<void> {
    const edges = (side ? [side] : sides).flatMap(one =>
      (this.#reading?.sides[one].edges ?? []).filter(({ state }) => state).map(({ edge }) => edge),
    )
    const shedding = this.#reading?.origin?.faults.shed ?? false
    const actions = actionsOf(fault, { pipelines: duel.event.pipelines, edges, shedding })
    const took = Promise.withResolvers<void>()
    duel
      .actNow(actions, action => {
        this.#tellAction(action)
        took.resolve()
      })
      .then(took.resolve, error => {
        took.reject(error)
        this.#trouble(error)
      })
    await took.promise
  }

  #startAgain(): void {
    if (this.#phase.is !== 'ended' && this.#phase.is !== 'failed') throw new NotNow('the scenario is running')
    this.#phase = { is: 'starting', doing: 'starting the processes' }
    void this.#running?.then(() => this.#run())
  }

  #tellStory(to: Extract<Command, { do: 'story' }>['to']): void {
    if (to === 'begin') this.#story = new Story(this.#options.story, true)
    const story = this.#story
    if (!story) throw new NotNow('no story is being told: begin it first')
    const atMs = now() as number
    if (to === 'end') this.#story = undefined
    if (to === 'hold' || to === 'run') story.run(to === 'run')
    const commands = to === 'next' ? story.next(atMs) : to === 'back' ? story.back(atMs) : []
    for (const command of commands) this.#commandByItself(command)
  }
}
