import { z } from 'zod'
import { describeZodError } from '../../process/control.ts'
import { type OperatorState, operatorStateSchema } from '../core/operator-state.ts'
import { StoreError } from '../store/segment-store.ts'
import { publishes } from './config.ts'
import { templateOf } from './feed-lines.ts'
import type { OriginRuntime } from './origin-runtime.ts'

// What operators have commanded is saved beside the segments and told to those who follow, so that a restart forgets
// nothing of it. One save runs at a time; what changes meanwhile is saved by the next one.

const schemaName = 'tidegate-event-state/1'

const savedSchema = z.strictObject({
  schema: z.literal(schemaName),
  /** What the numbers of the stored segments mean. */
  template: z.strictObject({ event: z.string(), startMs: z.number(), segmentMs: z.number(), firstNumber: z.number() }),
  state: operatorStateSchema,
})

export class StateKeeper {
  readonly #origin: OriginRuntime
  #saving: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(origin: OriginRuntime) {
    this.#origin = origin
  }

  /**
   * Takes up what was saved; what this origin says from now on is newer. Says what it found, where it found something.
   * Rejects with a StoreError, `schema` where what was saved is of another version or event.
   */
  async load(): Promise<string | undefined> {
    const { core, store, config } = this.#origin
    const text = await store.loadState()
    if (text !== undefined) this.#origin.adopt(this.#parse(text))
    if (!publishes(config.role)) return undefined
    if (text !== undefined) core.raiseEpoch()
    await this.#save()
    const { version, originEpoch, masks, invalidations, notifications } = core.operatorState()
    return text === undefined
      ? undefined
      : `version ${version}, origin epoch ${originEpoch}, ${masks.length} masks, ${invalidations.length} invalidations, ` +
          `${notifications.notifications.length} notifications`
  }

  /** An operator has commanded something: followers are told at once; resolves when it is saved. Rejects with a StoreError. */
  commanded(): Promise<void> {
    this.#origin.announce({ say: 'state', state: this.#origin.core.operatorState() })
    return this.#saveNext()
  }

  /** Something was heard from another origin: who takes commands saves it as well. */
  adopted(): void {
    if (!publishes(this.#origin.config.role)) return
    this.#saveNext().catch((error: Error) => {
      process.stderr.write(`tidegate: what was commanded elsewhere could not be saved: ${error.message}\n`)
    })
  }

  #saveNext(): Promise<void> {
    if (!this.#saving) {
      this.#saving = this.#save().finally(() => {
        this.#saving = undefined
      })
      return this.#saving
    }
    this.#next ??= this.#saving
      .catch(() => undefined) // told to whoever began it
      .then(() => {
        this.#next = undefined
        return this.#saveNext()
      })
    return this.#next
  }

  async #save(): Promise<void> {
    const { core, store, config } = this.#origin
    const saved = { schema: schemaName, template: templateOf(config.event), state: core.operatorState() }
    await store.saveState(JSON.stringify(saved))
  }

  #parse(text: string): OperatorState {
    const { event } = this.#origin.config
    const what = `the state that the store holds of the event ${event.event}`
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (error) {
      throw new StoreError('schema', `${what} is no JSON: ${(error as Error).message}`)
    }
    const parsed = savedSchema.safeParse(json)
    if (!parsed.success) throw new StoreError('schema', `${what} is not right: ${describeZodError(parsed.error)}`)
    const { template, state } = parsed.data
    const ours = templateOf(event)
    if (JSON.stringify(template) !== JSON.stringify(ours)) {
      throw new StoreError(
        'schema',
        `${what} is of another one: its template is ${JSON.stringify(template)}, not ${JSON.stringify(ours)}; ` +
          'give this event another name, or another store',
      )
    }
    return state
  }
}
