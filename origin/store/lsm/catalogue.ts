import type { Bytes, EpochMs } from '../../../live/units.ts'
import { formatKey, type StoredRange } from '../segment-store.ts'
import type { Row } from './rows.ts'

// Every committed candidate, in memory: read once at start. No question about what there is goes to disk: neither a
// conflict, nor a missing key, nor sizes. One process has the folder, so nobody else changes what is in it.

export class Catalogue {
  /** By key; in the order in which they were added, which is that of their attempts. */
  readonly #rows = new Map<string, Row>()
  #bytes = 0

  get size(): number {
    return this.#rows.size
  }

  /** Of bodies, without what keeps them. */
  get bytes(): Bytes {
    return this.#bytes
  }

  get(name: string): Row | undefined {
    return this.#rows.get(name)
  }

  /** Adds a row; another one of the same key makes way and is given back. */
  add(row: Row): Row | undefined {
    const name = formatKey(row.key)
    const former = this.remove(name)
    this.#rows.set(name, row)
    this.#bytes += row.meta.bodyBytes as number
    return former
  }

  remove(name: string): Row | undefined {
    const row = this.#rows.get(name)
    if (!row) return undefined
    this.#rows.delete(name)
    this.#bytes -= row.meta.bodyBytes as number
    return row
  }

  /** Removes this very row; false when it is not the one that is kept. */
  removeRow(row: Row): boolean {
    const name = formatKey(row.key)
    return this.#rows.get(name) === row && this.remove(name) !== undefined
  }

  /** All rows, oldest first. */
  rows(): Iterable<Row> {
    return this.#rows.values()
  }

  list({ event, renditions, from, to }: StoredRange): Row[] {
    return [...this.#rows.values()].filter(
      ({ key }) =>
        key.event === event &&
        renditions.includes(key.rendition) &&
        (key.number === 'init' || (from <= key.number && key.number <= to)),
    )
  }

  /**
   * The oldest segments that arrived before `beforeMs`, with `mostChunks` chunks or one segment. Initialisation segments
   * arrive once and are needed as long as there is a segment, so they are never among them.
   */
  leaving(beforeMs: EpochMs, mostChunks: number): Row[] {
    const leaving: Row[] = []
    let chunks = 0
    for (const row of this.#rows.values()) {
      if (row.key.number === 'init') continue
      chunks += row.chunks
      if (row.meta.arrivedMs >= beforeMs || (leaving.length > 0 && chunks > mostChunks)) break
      leaving.push(row)
    }
    return leaving
  }
}
