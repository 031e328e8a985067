import type { Bytes } from '../../../live/units.ts'

// One write at a time into the tree, and every write that came meanwhile in the next one (group commit): one sync for
// several publishes. One at a time because LevelDB, when it fails to append to its log, appends the next write behind
// the torn one all the same, where a recovery may not find it: an acknowledged segment would be lost.

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

interface Waiting {
  readonly operations: readonly Operation[]
  readonly bytes: number
  done(): void
  failed(error: unknown): void
}

/** Writes `operations` as one; `sync` when it must be on the disk before it resolves. */
export type Commit = (operations: readonly Operation[], sync: boolean) => Promise<void>

export class WriteQueue {
  readonly #commit: Commit
  readonly #groupBytes: number
  readonly #durable: Waiting[] = []
  readonly #behind: Waiting[] = []
  #running: Promise<void> | undefined

  constructor(commit: Commit, groupBytes: Bytes) {
    this.#commit = commit
    this.#groupBytes = groupBytes as number
  }

  /** Resolves when `operations` are on the disk, all of them. */
  write(operations: readonly Operation[]): Promise<void> {
    return this.#enqueue(this.#durable, operations)
  }

  /**
   * For deletes: one such write goes along with each group, so that publishes never wait for more than that and
   * deletes are never starved; what the machine loses power over is deleted again after the next start.
   */
  writeBehind(operations: readonly Operation[]): Promise<void> {
    return this.#enqueue(this.#behind, operations)
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  #enqueue(queue: Waiting[], operations: readonly Operation[]): Promise<void> {
    return new Promise((done, failed) => {
      queue.push({ operations, bytes: bytesOf(operations), done, failed })
      this.#running ??= this.#drain()
    })
  }

  async #drain(): Promise<void> {
    // Writes of this very turn go together.
    await undefined
    while (this.#durable.length + this.#behind.length > 0) {
      const durable = this.#takeGroup()
      const group = [...durable, ...this.#behind.splice(0, 1)]
      try {
        const operations = group.flatMap(each => each.operations)
        await this.#commit(operations, durable.length > 0)
        for (const each of group) each.done()
      } catch (error) {
        for (const each of group) each.failed(error)
      }
    }
    this.#running = undefined
  }

  /** The oldest writes that fit into one group, at least one if any waits. */
  #takeGroup(): Waiting[] {
    let bytes = 0
    const tooMany = this.#durable.findIndex((each, i) => {
      bytes += each.bytes
      return i > 0 && bytes > this.#groupBytes
    })
    return this.#durable.splice(0, tooMany < 0 ? this.#durable.length : tooMany)
  }
}

const bytesOf = (operations: readonly Operation[]): number =>
  operations.reduce((sum, each) => sum + each.key.length + (each.type === 'put' ? each.value.length : 0), 0)
