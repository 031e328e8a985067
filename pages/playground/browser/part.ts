import { find, write } from '../../live/browser/dom.ts'
import { stormCommand } from '../input.ts'
import type { Job, StormResult, StormState } from '../messages.ts'
import type { SectionName } from '../sections.ts'
import { type NamedStorm, stormsOf, type Values } from '../storms.ts'
import { Controls } from './controls.ts'
import type { Crew } from './crew.ts'
import { tableOf } from './figure-rows.ts'

// One part of the story: its controls, the storms that they ask for, and what is shown of them. It begins when somebody
// comes near it.

/** Slider moves come thick: a storm begins when they pause this long, or after the next. */
const pauseMs = 60

export abstract class Part {
  readonly article: HTMLElement
  readonly crew: Crew
  readonly controls: Controls
  readonly #jobs = new Set<Job>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #hasBegun = false

  constructor(article: HTMLElement, crew: Crew, section: SectionName | undefined) {
    this.article = article
    this.crew = crew
    this.controls = new Controls(find<HTMLFormElement>('form', article), section, () => this.changed())
    const seen = new IntersectionObserver(
      entries => {
        for (const { isIntersecting } of entries) this.#comesOrGoes(isIntersecting)
      },
      { rootMargin: '240px' },
    )
    seen.observe(article)
    find('[data-do="copy"]', article).addEventListener('click', () => void this.#copy())
  }

  /** Somebody has moved something. */
  changed(): void {
    clearTimeout(this.#timer)
    this.article.dataset.state = 'running'
    this.#timer = setTimeout(() => this.#begin(), pauseMs)
  }

  /** Simulates what the controls ask for. */
  protected abstract run(values: Values): void
  protected comes(): void {}
  protected goes(): void {}

  /** Ends what was under way, as of the next `run`. */
  stop(): void {
    for (const job of this.#jobs) this.crew.stop(job)
    this.#jobs.clear()
  }

  protected owns(job: Job | undefined): void {
    if (job !== undefined) this.#jobs.add(job)
  }

  protected says(text: string): void {
    write('says', text, this.article)
  }

  protected fails(why: string): void {
    this.says(`This could not be simulated: ${why}`)
    this.article.dataset.state = 'failed'
  }

  protected showsTable(table: HTMLElement): void {
    find('[data-field="table"]', this.article).replaceChildren(table)
  }

  /** The command that gives the same numbers, and what shows that they are the same. */
  protected showsCommand(command: string, hash = ''): void {
    find('[data-field="same"]', this.article).hidden = false
    write('command', command, this.article)
    write('hash', hash, this.article)
  }

  /** Marks for tests and styles: whether what is shown is of how the controls stand now. */
  protected settles(): void {
    this.article.dataset.state = 'over'
  }

  #comesOrGoes(isNear: boolean): void {
    if (!isNear) {
      this.goes()
      return
    }
    if (!this.#hasBegun) this.#begin()
    this.comes()
  }

  #begin(): void {
    this.#hasBegun = true
    this.stop()
    this.article.dataset.state = 'running'
    this.run(this.controls.values)
  }

  async #copy(): Promise<void> {
    const command = find('[data-field="command"]', this.article).textContent ?? ''
    try {
      await navigator.clipboard.writeText(command)
      write('hash', 'copied', this.article)
    } catch {
      // A page from a disk may not always: then it is selected, to be copied by hand.
      getSelection()?.selectAllChildren(find('[data-field="command"]', this.article))
    }
  }
}

/** A part whose storms are those of its section. */
export abstract class StormPart extends Part {
  readonly section: SectionName
  readonly #isTraced: boolean
  #results = new Map<string, StormResult>()
  #policies = new Map<string, string>()

  constructor(article: HTMLElement, crew: Crew, section: SectionName, isTraced: boolean) {
    super(article, crew, section)
    this.section = section
    this.#isTraced = isTraced
  }

  protected abstract begins(storms: readonly NamedStorm[], values: Values): void
  protected abstract state(name: string, state: StormState): void
  protected abstract over(results: ReadonlyMap<string, StormResult>, values: Values): void

  protected override run(values: Values): void {
    const storms = stormsOf(this.section, values)
    this.#results = new Map()
    this.#policies = new Map()
    this.begins(storms, values)
    for (const { name, input } of storms) {
      this.owns(
        this.crew.storm(input, this.#isTraced, {
          onState: state => {
            this.state(name, state)
            this.#policies.set(name, state.policy)
          },
          onOver: result => this.#one(name, result, storms, values),
          onFailed: why => this.fails(why),
        }),
      )
    }
  }

  #one(name: string, result: StormResult, storms: readonly NamedStorm[], values: Values): void {
    this.#results.set(name, result)
    if (this.#results.size < storms.length) return
    // In the order in which they stand beside each other.
    const results = new Map(storms.map(storm => [storm.name, this.#results.get(storm.name) as StormResult]))
    this.showsTable(tableOf([...results].map(([of, { figures }]) => ({ name: of, figures }))))
    const policies = storms.map(storm => this.#policies.get(storm.name) ?? '')
    const hashes = [...results.values()].map(({ decisions }) => decisions.hash)
    this.showsCommand(stormCommand((storms[0] as NamedStorm).input, policies), `decisions ${hashes.join(', ')}`)
    this.over(results, values)
    this.settles()
  }
}
