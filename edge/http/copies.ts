import { limits } from '../../live/limits.ts'
import type { Bytes } from '../../live/units.ts'
import type { CopyId, ShortAnswer } from '../core/verdict.ts'

// The bytes of copies. The core decides which copy exists, what it is worth and when it goes; here lie its bytes and
// those who are reading them, each at its own pace.

/** Takes bytes out of a copy. Called whenever there is more of it, and once when its end is known. */
export interface CopyReader {
  /** More bytes have come, or the copy is whole now. */
  advance(): void
  /** The copy will never be whole: start again from `by` where that is possible, else end with `answer`. */
  broken(by: Copy | undefined, answer: ShortAnswer): void
}

type CopyState = 'arriving' | 'whole' | 'broken'

/** One copy's bytes, from offset 0, as far as they have come. */
export class Copy {
  readonly id: CopyId
  readonly readers = new Set<CopyReader>()
  #state: CopyState = 'arriving'
  #pieces: Buffer[] = []
  /** The offset of each piece. */
  #starts: number[] = []
  #received = 0

  constructor(id: CopyId) {
    this.id = id
  }

  get receivedBytes(): Bytes {
    return this.#received
  }

  get state(): CopyState {
    return this.#state
  }

  /** Whether `added` more bytes would still be a body that an edge takes. */
  hasRoomFor(added: Bytes): boolean {
    return this.#received + (added as number) <= limits.segmentBodyBytes
  }

  /** Adds bytes at the end. The readers are not told yet: the core hears of the bytes first. */
  append(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.#starts.push(this.#received)
    this.#received += bytes.length
  }

  /** Tells every reader that there is more. */
  advanceReaders(): void {
    for (const reader of this.readers) reader.advance()
  }

  /** The copy has all its bytes. */
  complete(): void {
    this.#state = 'whole'
    this.#compact()
    this.advanceReaders()
  }

  /** The copy will never have all its bytes; its readers go on from `by`, or end. */
  break(by: Copy | undefined, answer: ShortAnswer): void {
    this.#state = 'broken'
    for (const reader of [...this.readers]) reader.broken(by, answer)
    this.readers.clear()
  }

  /** At most `mostBytes` in one piece from offset `from`; undefined when none has come. */
  piece(from: Bytes, mostBytes: Bytes): Buffer | undefined {
    if ((from as number) >= this.#received) return undefined
    // Readers of a copy that is arriving stand near its end; a whole one has a single piece.
    let index = this.#starts.length - 1
    while ((this.#starts[index] as number) > (from as number)) index--
    const within = (from as number) - (this.#starts[index] as number)
    const piece = this.#pieces[index] as Buffer
    return within === 0 && piece.length <= (mostBytes as number)
      ? piece
      : piece.subarray(within, within + (mostBytes as number))
  }

  // What comes from a socket is a window on a larger read buffer: kept as it is, a 10 KB segment would hold 64 KB.
  #compact(): void {
    const whole = Buffer.allocUnsafeSlow(this.#received)
    for (const [index, piece] of this.#pieces.entries()) piece.copy(whole, this.#starts[index])
    this.#pieces = this.#received === 0 ? [] : [whole]
    this.#starts = this.#received === 0 ? [] : [0]
  }
}

/** Every copy whose bytes are in memory: those that the core keeps, and dropped ones that somebody still reads. */
export class Copies {
  readonly #copies = new Map<CopyId, Copy>()
  readonly #dropped = new Set<CopyId>()

  get(id: CopyId): Copy | undefined {
    return this.#copies.get(id)
  }

  /** The copy `id`, made empty when it is new. */
  open(id: CopyId): Copy {
    const known = this.#copies.get(id)
    if (known) return known
    const copy = new Copy(id)
    this.#copies.set(id, copy)
    return copy
  }

  /** The core keeps `id` no longer: its bytes go as soon as nobody reads them and none can come. */
  drop(id: CopyId): void {
    const copy = this.#copies.get(id)
    if (!copy) return
    this.#dropped.add(id)
    this.release(copy)
  }

  /** Called when a reader has left `copy` or its end is known: frees it when that was what it waited for. */
  release(copy: Copy): void {
    if (!this.#dropped.has(copy.id) || copy.readers.size > 0 || copy.state === 'arriving') return
    this.#dropped.delete(copy.id)
    this.#copies.delete(copy.id)
  }

  /** Numbers for `GET /state`. */
  stats(): { copies: number; dropped: number; bytes: Bytes; readers: number } {
    let bytes = 0
    let readers = 0
    for (const copy of this.#copies.values()) {
      bytes += copy.receivedBytes as number
      readers += copy.readers.size
    }
    return { copies: this.#copies.size, dropped: this.#dropped.size, bytes, readers }
  }
}
