import { limits } from '../../../live/limits.ts'
import type { EpochMs } from '../../../live/units.ts'
import { StoreError } from '../segment-store.ts'
import { keys, type StateRow, seal } from './rows.ts'
import type { Tree } from './tree.ts'

/** The events' states, in memory and on the disk; the last one saved wins. */
export class States {
  readonly #tree: Tree
  readonly #clock: () => EpochMs
  /** By event, the one saved longest ago first. */
  readonly #states = new Map<string, StateRow>()

  constructor(tree: Tree, clock: () => EpochMs) {
    this.#tree = tree
    this.#clock = clock
  }

  /** A state found on the disk; in the order in which they were saved. */
  loaded(state: StateRow): void {
    this.#states.set(state.event, state)
  }

  load(event: string): string | undefined {
    return this.#states.get(event)?.text
  }

  async save(event: string, text: string): Promise<void> {
    if (text.length > limits.storedStateBytes) {
      const most = `a state has at most ${limits.storedStateBytes} characters`
      throw new StoreError('full', `the state of ${event} has ${text.length}, ${most}`)
    }
    const state: StateRow = { event, text, savedMs: this.#clock() }
    const oldest = this.#states.has(event) ? undefined : this.#oldestTooMany()
    const key = keys.state(event)
    await this.#tree.write([
      { type: 'put', key, value: seal(key, state) },
      ...(oldest === undefined ? [] : [{ type: 'del', key: keys.state(oldest) } as const]),
    ])
    if (oldest !== undefined) this.#states.delete(oldest)
    this.#states.delete(event)
    this.#states.set(event, state)
  }

  #oldestTooMany(): string | undefined {
    return this.#states.size < limits.storedStates ? undefined : this.#states.keys().next().value
  }
}
