import { limits } from '../../../live/limits.ts'
import type { Bytes, EpochMs, Ms } from '../../../live/units.ts'
import {
  type ByteRange,
  type CandidateKey,
  type CandidateMeta,
  formatKey,
  type KnownBody,
  type SegmentStore,
  type StoredCandidate,
  type StoredRange,
  StoreError,
  type StoreObserver,
  type StoreStats,
  unobserved,
} from '../segment-store.ts'
import { within } from './budget.ts'
import { Catalogue } from './catalogue.ts'
import { KeyedTurns } from './keyed-turns.ts'
import { readBody } from './read-body.ts'
import { mustBeOurs, readFolder } from './read-folder.ts'
import { keysOf, type Row } from './rows.ts'
import { freeBytes, Space } from './space.ts'
import { type Attempt, stage } from './stage.ts'
import { States } from './states.ts'
import { Sweeper } from './sweeper.ts'
import { Tree } from './tree.ts'

// The embedded store: an LSM tree in a folder, for one process. Bodies and rows are on the disk, the rows in memory too.

export interface LsmOptions {
  readonly folder: string
  readonly observer?: StoreObserver
  /** How long a write or a read may take. */
  readonly budgetMs: Ms
  /** How long after its arrival a segment is kept, if nobody removes it sooner. */
  readonly keepMs: Ms
  readonly limitBytes?: Bytes
  /** Disk left free. */
  readonly reserveBytes?: Bytes
  readonly compactBytes?: Bytes
  readonly clock?: () => EpochMs
}

export class LsmStore implements SegmentStore {
  readonly #options: Required<LsmOptions>
  readonly #catalogue = new Catalogue()
  readonly #turns = new KeyedTurns()
  /** Names of candidates of which a chunk was found broken: the same write again makes them whole. */
  readonly #broken = new Set<string>()
  readonly #space: Space
  readonly #tree: Tree
  readonly #states: States
  readonly #sweeper: Sweeper
  #nextAttempt = 0
  #closed = false

  private constructor(options: Required<LsmOptions>, tree: Tree) {
    this.#options = options
    this.#tree = tree
    this.#space = new Space(options, this.#catalogue)
    this.#states = new States(tree, options.clock)
    this.#sweeper = new Sweeper({ ...options, tree, catalogue: this.#catalogue })
  }

  /** Opens the store in `folder`, a new one where there is none. */
  static async open(given: LsmOptions): Promise<LsmStore> {
    const options: Required<LsmOptions> = {
      observer: unobserved,
      limitBytes: limits.lsmStoreBytes,
      reserveBytes: limits.lsmReserveBytes,
      compactBytes: limits.lsmCompactBytes,
      clock: Date.now,
      ...given,
    }
    let store: LsmStore | undefined
    const tree = await Tree.open({
      folder: options.folder,
      hasRoom: async () => (await freeBytes(options.folder)) > (options.reserveBytes as number),
      reopened: async () => store?.reconcile(),
    })
    try {
      store = new LsmStore(options, tree)
      await store.#load()
      store.#sweeper.start()
      return store
    } catch (error) {
      await tree.close()
      throw error
    }
  }

  put(key: CandidateKey, body: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    const name = formatKey(key)
    return this.#observed('write', name, () => this.#turns.take(name, () => this.#put(name, key, body, meta, token)))
  }

  get(key: CandidateKey, known: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    const name = formatKey(key)
    return this.#observed('read', name, () => this.#get(name, known, range))
  }

  async describe(key: CandidateKey): Promise<CandidateMeta | undefined> {
    this.#mustBeOpen()
    return this.#catalogue.get(formatKey(key))?.meta
  }

  remove(key: CandidateKey): Promise<void> {
    const name = formatKey(key)
    return this.#observed('remove', name, () => this.#turns.take(name, () => this.#remove(name)))
  }

  async list(range: StoredRange): Promise<readonly StoredCandidate[]> {
    this.#mustBeOpen()
    return this.#catalogue.list(range)
  }

  async loadState(event: string): Promise<string | undefined> {
    this.#mustBeOpen()
    return this.#states.load(event)
  }

  saveState(event: string, text: string): Promise<void> {
    return this.#observed('state', `the state of ${event}`, () => this.#states.save(event, text))
  }

  async stats(): Promise<StoreStats> {
    this.#mustBeOpen()
    return { candidates: this.#catalogue.size, bytes: this.#catalogue.bytes, limitBytes: this.#options.limitBytes }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turns.idle()
    await this.#sweeper.stop()
    await this.#tree.close()
  }

  /** Removes now what is otherwise removed every few seconds. */
  sweep(): Promise<void> {
    return this.#sweeper.sweep()
  }

  /** After a failed write the tree was opened again: what it holds and was never acknowledged must go. */
  async reconcile(): Promise<void> {
    this.#options.observer.count('store.lsm.reopens')
    const { rows, orphans } = await readFolder(this.#tree)
    const onDisk = new Set(rows.map(row => row.attempt))
    for (const attempt of orphans) this.#sweeper.orphan(attempt)
    for (const row of rows) if (this.#catalogue.get(formatKey(row.key))?.attempt !== row.attempt) this.#orphan(row)
    for (const row of [...this.#catalogue.rows()]) {
      if (onDisk.has(row.attempt)) continue
      this.#options.observer.count('store.lsm.lost')
      process.stderr.write(`tidegate: the store in ${this.#options.folder} lost ${formatKey(row.key)}\n`)
      this.#catalogue.removeRow(row)
    }
  }

  async #load(): Promise<void> {
    await mustBeOurs(this.#tree)
    const { rows, states, orphans, broken } = await readFolder(this.#tree)
    for (const row of rows) {
      const former = this.#catalogue.add(row)
      if (former) this.#orphan(former)
    }
    for (const state of states) this.#states.loaded(state)
    for (const attempt of orphans) this.#sweeper.orphan(attempt)
    if (broken > 0) this.#options.observer.count('store.lsm.corrupt', broken)
    const lastAttempt = Math.max(0, ...orphans, rows.at(-1)?.attempt ?? 0)
    // Microseconds: numbers go up across starts also when nothing is left of the last one.
    this.#nextAttempt = Math.max(lastAttempt + 1, Math.floor((this.#options.clock() as number) * 1_000))
  }

  #orphan({ attempt }: Row): void {
    this.#sweeper.orphan(attempt)
  }

  async #put(name: string, key: CandidateKey, body: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    const { observer } = this.#options
    const known = this.#catalogue.get(name)
    if (known && known.token !== token) {
      observer.count('store.lsm.conflicts')
      throw new StoreError('conflict', `${name} is kept with another body (${known.meta.etag})`)
    }
    if (known && !this.#broken.has(name)) return observer.count('store.lsm.repeats')
    const release = this.#space.claim(name, body.length)
    try {
      await this.#tree.mayWrite()
      await this.#space.mustHaveRoom(name)
      const attempt: Attempt = { attempt: this.#nextAttempt++, key, meta, token, chunkBytes: limits.chunkBytes }
      const row = await stage(this.#tree, attempt, body, known).catch((error: unknown) => {
        this.#sweeper.orphan(attempt.attempt)
        throw error
      })
      this.#catalogue.add(row)
      this.#broken.delete(name)
      observer.count('store.lsm.bytes_written', body.length)
    } finally {
      release()
    }
  }

  async #get(name: string, { etag }: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    const row = this.#catalogue.get(name)
    if (!row) throw new StoreError('missing', `nothing is kept under ${name}`)
    if (row.meta.etag !== etag) throw new StoreError('corrupt', `${name} is kept as ${row.meta.etag}, not as ${etag}`)
    try {
      const bytes = await readBody(this.#tree, row, range)
      this.#options.observer.count('store.lsm.bytes_read', bytes.length)
      return bytes
    } catch (error) {
      if (this.#catalogue.get(name) !== row) throw new StoreError('missing', `${name} was removed while it was read`)
      if (error instanceof StoreError && error.fault === 'corrupt') this.#broken.add(name)
      throw error
    }
  }

  async #remove(name: string): Promise<void> {
    // Gone from memory first: a reader that comes now finds it missing, never half of it.
    const row = this.#catalogue.remove(name)
    if (!row) return
    this.#broken.delete(name)
    try {
      await this.#tree.remove(keysOf(row))
    } catch (error) {
      this.#catalogue.add(row)
      throw error
    }
    this.#sweeper.dropped(row)
  }

  /** Does `work` within the budget, counted and timed. */
  async #observed<T>(what: 'read' | 'write' | 'remove' | 'state', name: string, work: () => Promise<T>): Promise<T> {
    const { observer, budgetMs } = this.#options
    this.#mustBeOpen()
    observer.count(`store.lsm.${what}s`)
    const startedMs = performance.now()
    try {
      return await within(budgetMs, `${what} of ${name}`, work())
    } catch (error) {
      const fault = error instanceof StoreError ? error.fault : 'unavailable'
      if (fault !== 'missing' && fault !== 'conflict') observer.count(`store.lsm.${fault}`)
      throw error
    } finally {
      observer.time(`store.lsm.${what}_ms`, performance.now() - startedMs)
    }
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreError('closed', `the store in ${this.#options.folder} is closed`)
  }
}
