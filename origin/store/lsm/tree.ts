import { ClassicLevel } from 'classic-level'
import { limits } from '../../../live/limits.ts'
import { StoreError } from '../segment-store.ts'
import { nameOwner, openingError, readingError, writingError } from './tree-errors.ts'
import { type Operation, WriteQueue } from './write-queue.ts'

// LevelDB in a folder, as one thing that can fail and come back. After any failed write LevelDB's log is not to be
// trusted with another one (see write-queue.ts): the tree then takes no writes, reads go on, and when there is room it
// is opened again, which reads the log up to where it is whole and begins a new one.

export interface TreeOptions {
  readonly folder: string
  /** After a failed write: whether the disk has room to begin again. */
  readonly hasRoom: () => Promise<boolean>
  /** The tree was opened again: what a failed write left in it can be looked at before anything else is written. */
  readonly reopened: () => Promise<void>
}

const levelOptions = {
  keyEncoding: 'utf8',
  valueEncoding: 'view',
  // Media is compressed already.
  compression: false,
  writeBufferSize: limits.lsmWriteBufferBytes,
  maxFileSize: limits.lsmFileBytes,
  maxOpenFiles: limits.lsmStoreBytes / limits.lsmFileBytes,
} as const

export class Tree {
  readonly #options: TreeOptions
  readonly #level: ClassicLevel<string, Uint8Array>
  readonly #queue: WriteQueue
  /** Why it takes no writes, and when it is tried again (monotonic ms). */
  #halted: { readonly error: StoreError; readonly retryMs: number } | undefined
  #reopening: Promise<void> | undefined

  private constructor(options: TreeOptions) {
    this.#options = options
    this.#level = new ClassicLevel<string, Uint8Array>(options.folder, levelOptions)
    this.#queue = new WriteQueue((operations, sync) => this.#commit(operations, sync), limits.lsmGroupBytes)
  }

  /** Opens the tree in the folder, a new one where there is none. */
  static async open(options: TreeOptions): Promise<Tree> {
    const tree = new Tree(options)
    await tree.#open()
    return tree
  }

  /** Resolves when `operations` are on the disk, all of them, or rejects with `full` or `unavailable`. */
  async write(operations: readonly Operation[]): Promise<void> {
    await this.mayWrite()
    await this.#queue.write(operations)
  }

  /** For deletes: not synced, and behind everything that is. */
  async remove(keys: readonly string[]): Promise<void> {
    await this.mayWrite()
    await this.#queue.writeBehind(keys.map(key => ({ type: 'del', key })))
  }

  /** The values under `keys`, of one instant; undefined where there is none. */
  async read(keys: string[]): Promise<(Uint8Array | undefined)[]> {
    await this.#reopening?.catch(() => undefined)
    try {
      return await this.#level.getMany(keys, { fillCache: false })
    } catch (error) {
      throw readingError(this.#options.folder, error)
    }
  }

  /** Every key from `from` on and before `to`, with its value, in order. */
  async *scan(from: string, to: string): AsyncGenerator<[string, Uint8Array]> {
    try {
      yield* this.#level.iterator({ gte: from, lt: to })
    } catch (error) {
      throw readingError(this.#options.folder, error)
    }
  }

  /** Every key from `from` on and before `to`. Reads their values on the way: not for many chunks. */
  async keysOf(from: string, to: string): Promise<string[]> {
    try {
      return await this.#level.keys({ gte: from, lt: to }).all()
    } catch (error) {
      throw readingError(this.#options.folder, error)
    }
  }

  /** Gives the disk back what was deleted between the keys, in LevelDB's own thread. */
  async compact(from: string, to: string): Promise<void> {
    try {
      await this.#level.compactRange(from, to)
    } catch (error) {
      throw writingError(this.#options.folder, error)
    }
  }

  async close(): Promise<void> {
    await this.#reopening?.catch(() => undefined)
    await this.#queue.idle()
    await this.#level.close()
  }

  async #open(): Promise<void> {
    const { folder } = this.#options
    try {
      await this.#level.open()
      await nameOwner(folder)
    } catch (error) {
      await this.#level.close()
      throw await openingError(folder, error)
    }
  }

  async #commit(operations: readonly Operation[], sync: boolean): Promise<void> {
    if (this.#halted) throw this.#halted.error
    try {
      await this.#level.batch([...operations], { sync })
    } catch (error) {
      const failure = writingError(this.#options.folder, error)
      this.#halt(failure)
      throw failure
    }
  }

  #halt(error: StoreError): void {
    this.#halted = { error, retryMs: performance.now() + limits.lsmReviveMs }
  }

  /** Resolves when writes can be taken; rejects while they cannot. */
  async mayWrite(): Promise<void> {
    if (this.#reopening) return this.#reopening
    const halted = this.#halted
    if (!halted) return
    if (performance.now() < halted.retryMs) throw halted.error
    this.#halt(halted.error)
    if (!(await this.#options.hasRoom())) throw halted.error
    this.#reopening ??= this.#reopen().finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  async #reopen(): Promise<void> {
    // What waits in the queue is refused, as #halted says.
    await this.#queue.idle()
    try {
      await this.#level.close()
      await this.#open()
      await this.#options.reopened()
      this.#halted = undefined
    } catch (error) {
      const failure = error instanceof StoreError ? error : writingError(this.#options.folder, error)
      this.#halt(failure)
      throw failure
    }
  }
}
