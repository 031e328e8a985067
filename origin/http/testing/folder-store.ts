import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { link, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  type CandidateKey,
  type CandidateMeta,
  type KnownBody,
  type SegmentStore,
  type StoredCandidate,
  type StoredRange,
  StoreError,
  type StoreObserver,
  type StoreStats,
  unobserved,
} from '../../store/segment-store.ts'
import { hex32 } from '../body-etag.ts'

// A store for tests that several processes share, as they share a database: one file for each candidate, head and body,
// which appears whole by a link. Not for use: it neither syncs nor bounds what it keeps.

interface Head {
  readonly key: CandidateKey
  readonly meta: CandidateMeta
  readonly token: string
}

export class FolderStore implements SegmentStore {
  readonly #folder: string
  readonly #observer: StoreObserver

  constructor(folder: string, observer: StoreObserver = unobserved) {
    this.#folder = folder
    this.#observer = observer
    mkdirSync(folder, { recursive: true })
  }

  async put(key: CandidateKey, body: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    const staged = join(this.#folder, `staged-${randomUUID()}`)
    const head: Head = { key, meta, token }
    await writeFile(staged, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]))
    try {
      await link(staged, this.#fileOf(key))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const kept = await this.#read(key)
      if (kept?.head.token !== token) throw new StoreError('conflict', 'another body is kept')
    } finally {
      await unlink(staged)
    }
    this.#observer.count('store.folder.writes')
  }

  async get(key: CandidateKey, known: KnownBody): Promise<Uint8Array> {
    this.#observer.count('store.folder.reads')
    const kept = await this.#read(key)
    if (!kept) throw new StoreError('missing', 'nothing is kept')
    const { body } = kept
    const { bodyBytes, etag } = known
    if (body.length !== bodyBytes || !etag.includes(`-${hex32(crc32(body))}-`)) {
      throw new StoreError('corrupt', 'what is kept does not bear its checksum')
    }
    return body
  }

  async describe(key: CandidateKey): Promise<CandidateMeta | undefined> {
    return (await this.#read(key))?.head.meta
  }

  async remove(key: CandidateKey): Promise<void> {
    await rm(this.#fileOf(key), { force: true })
  }

  async list({ event, renditions, from, to }: StoredRange): Promise<readonly StoredCandidate[]> {
    const listed: StoredCandidate[] = []
    for (const name of await readdir(this.#folder)) {
      if (!name.startsWith('c-')) continue
      const kept = await this.#readFile(join(this.#folder, name))
      if (!kept) continue
      const { number } = kept.head.key
      const isWanted = kept.head.key.event === event && renditions.includes(kept.head.key.rendition)
      if (isWanted && (number === 'init' || (from <= number && number <= to))) listed.push(kept.head)
    }
    return listed.map(({ key, meta }) => ({ key, meta }))
  }

  async loadState(event: string): Promise<string | undefined> {
    return readFile(join(this.#folder, `state-${event}`), 'utf8').catch(() => undefined)
  }

  async saveState(event: string, text: string): Promise<void> {
    const staged = join(this.#folder, `staged-${randomUUID()}`)
    await writeFile(staged, text)
    await rename(staged, join(this.#folder, `state-${event}`))
  }

  async stats(): Promise<StoreStats> {
    const names = (await readdir(this.#folder)).filter(name => name.startsWith('c-'))
    const sizes = await Promise.all(names.map(async name => (await stat(join(this.#folder, name))).size))
    return { candidates: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
  }

  async close(): Promise<void> {}

  /** The file of a candidate, for tests that damage or move it. */
  fileOf(key: CandidateKey): string {
    return this.#fileOf(key)
  }

  #fileOf({ event, rendition, number, pipeline }: CandidateKey): string {
    return join(this.#folder, `c-${event}.${rendition}.${number}.${pipeline}`)
  }

  #read(key: CandidateKey): Promise<{ head: Head; body: Uint8Array } | undefined> {
    return this.#readFile(this.#fileOf(key))
  }

  async #readFile(file: string): Promise<{ head: Head; body: Uint8Array } | undefined> {
    const bytes = await readFile(file).catch(() => undefined)
    if (!bytes) return undefined
    const end = bytes.indexOf('\n')
    return { head: JSON.parse(bytes.toString('utf8', 0, end)), body: bytes.subarray(end + 1) }
  }
}
