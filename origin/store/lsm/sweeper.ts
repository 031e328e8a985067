import { limits } from '../../../live/limits.ts'
import type { Bytes, EpochMs, Ms } from '../../../live/units.ts'
import { StoreError, type StoreObserver } from '../segment-store.ts'
import type { Catalogue } from './catalogue.ts'
import { chunksKey, keys, keysOf, type Row } from './rows.ts'
import type { Tree } from './tree.ts'

// What nobody needs any more goes away behind everybody's back: segments that left the window, what attempts left that
// were never committed, and the disk that both held. Deletes are small writes behind the publishes; a compaction runs in
// LevelDB's own thread, over the dropped range only.

export interface SweeperOptions {
  readonly tree: Tree
  readonly catalogue: Catalogue
  readonly observer: StoreObserver
  readonly keepMs: Ms
  readonly clock: () => EpochMs
  readonly compactBytes: Bytes
}

export class Sweeper {
  readonly #options: SweeperOptions
  /** Attempts that will never be committed. */
  readonly #orphans = new Set<number>()
  #dropped: { from: number; to: number; bytes: number } | undefined
  #sweeping: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  /** Sweeps from now on, the first time at once. */
  start(): void {
    const sweep = () => {
      if (this.#sweeping) return
      this.sweep().catch((error: Error) => {
        this.#options.observer.count('store.lsm.sweeps_failed')
        // A store that takes no writes says so to every publish already.
        if (error instanceof StoreError) return
        process.stderr.write(`tidegate: sweeping the store failed: ${error.stack}\n`)
      })
    }
    this.#timer = setInterval(sweep, limits.lsmSweepMs).unref()
    sweep()
  }

  /** Stops; resolves when nothing runs any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#sweeping?.catch(() => undefined)
  }

  /** What `attempt` left is to be removed: it was not committed, or must not count. */
  orphan(attempt: number): void {
    this.#orphans.add(attempt)
  }

  /** `row` was deleted: its range is to be compacted when there is enough of it. */
  dropped({ attempt, meta }: Row): void {
    const { from, to, bytes } = this.#dropped ?? { from: attempt, to: attempt, bytes: 0 }
    this.#dropped = {
      from: Math.min(from, attempt),
      to: Math.max(to, attempt),
      bytes: bytes + (meta.bodyBytes as number),
    }
  }

  /** One whole sweep, after the one that runs. */
  sweep(): Promise<void> {
    const mine = (this.#sweeping ?? Promise.resolve()).then(
      () => this.#sweep(),
      () => this.#sweep(),
    )
    this.#sweeping = mine
    const ended = () => {
      if (this.#sweeping === mine) this.#sweeping = undefined
    }
    mine.then(ended, ended)
    return mine
  }

  async #sweep(): Promise<void> {
    await this.#expire()
    for (const attempt of this.#orphans) await this.#removeOrphan(attempt)
    await this.#compact()
  }

  async #removeOrphan(attempt: number): Promise<void> {
    const { tree, observer } = this.#options
    const chunks = await tree.keysOf(chunksKey(attempt), chunksKey(attempt + 1))
    await tree.remove([...chunks, keys.row(attempt), keys.intent(attempt)])
    this.#orphans.delete(attempt)
    observer.count('store.lsm.orphans')
  }

  async #expire(): Promise<void> {
    const { tree, catalogue, observer, keepMs, clock } = this.#options
    for (;;) {
      const leaving = catalogue.leaving((clock() as number) - (keepMs as number), limits.lsmDeleteChunks)
      if (leaving.length === 0) return
      // Nobody reads what left the window; gone from memory first, so that nothing is half there.
      const gone = leaving.filter(row => catalogue.removeRow(row))
      try {
        await tree.remove(gone.flatMap(keysOf))
      } catch (error) {
        // Still on disk, so that it is found and removed at the next sweep.
        for (const row of gone) this.orphan(row.attempt)
        throw error
      }
      for (const row of gone) this.dropped(row)
      observer.count('store.lsm.expired', gone.length)
    }
  }

  async #compact(): Promise<void> {
    const { tree, observer, compactBytes } = this.#options
    const dropped = this.#dropped
    if (!dropped || dropped.bytes < (compactBytes as number)) return
    this.#dropped = undefined
    const startedMs = performance.now()
    await tree.compact(chunksKey(dropped.from), chunksKey(dropped.to + 1))
    observer.count('store.lsm.compactions')
    observer.time('store.lsm.compaction_ms', performance.now() - startedMs)
  }
}
