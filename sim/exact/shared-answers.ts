import type { Bytes, EpochMs, Ms } from '../../live/units.ts'
import { alignedCells } from '../aligned-cells.ts'
import type { ObjectId } from '../objects.ts'
import { haveRead } from '../read-ahead.ts'
import type { Exchange } from './exchange.ts'
import { noFacts, type ObjectFacts } from './upstream-call.ts'

// The answers of edges that many requests share, each a row of numbers in one line of a processor's cache: a large world
// has hundreds of edges, a request comes to any of them, and what it looks at there is seldom at hand. So the rows of all
// edges lie in one table, in which each is found without asking the edge. An object has one row that it can be in at an
// edge, by the last bits of its number; where two that stand need the same one, every edge gets twice as many. Objects at
// the live edge are numbered one behind the other, so that a small table has a row for each.

/** An answer that the next asker of the same object gets, too. */
export interface SharedAnswer {
  readonly untilMs: EpochMs
  readonly status: number
  readonly bytes: Bytes
  readonly facts: ObjectFacts
  /** What `Cache-Status` says of it. */
  readonly said: number
  /** The place of the reason in the list of reasons. */
  readonly reason: number
  /** Another object's body, or not the whole of it. */
  readonly isWrong: boolean
  /** Out of storage. */
  readonly isHit: boolean
  /** Of the edge's own making. */
  readonly isRefusal: boolean
  readonly cpuMs: Ms
  readonly afterMs: Ms
}

// Where a row has what: fractions, and behind them whole numbers over the same bytes.
const rowFractions = 8
const rowWords = 2 * rowFractions
const fraction = { untilMs: 0, cpuMs: 1, afterMs: 2, availableMs: 3 } as const
const whole = { object: 8, changes: 9, status: 10, bytes: 11, said: 12, reason: 13, flags: 14 } as const
const flag = { wrong: 1, hit: 2, refusal: 4, playlist: 8 } as const

// Of one edge.
const fewestRows = 64
/** A DVR window of hours of every rendition; objects beyond that take each other's rows, and the core is asked again. */
const mostRows = 8_192
const nowhere = -1

export class SharedAnswers {
  readonly #edges: number
  #rowsAnEdge = fewestRows
  #cells: Float64Array
  #words: Int32Array
  /** By row; looked at only where the row says that there is a playlist. */
  #facts: ObjectFacts[]

  /** @param edges counted from 0, as those that ask name them */
  constructor(edges: number) {
    this.#edges = edges
    const { cells, words, facts } = tableOf(edges * fewestRows)
    this.#cells = cells
    this.#words = words
    this.#facts = facts
  }

  /**
   * The row of the answer of `edge` for `object` that stands at `now`, its core's count of changes being `changes`; below
   * 0: there is none.
   */
  find(edge: number, object: ObjectId, changes: number, now: EpochMs): number {
    const row = this.#rowOf(edge, object)
    return this.#words[row * rowWords + whole.object] === object && this.#stands(row, changes, now) ? row : nowhere
  }

  /** Reads the rows of the first `count` of `objects`, each at its edge, so that they are at hand when they are looked for. */
  bringNear(edges: Int32Array, objects: Int32Array, count: number): void {
    let read = 0
    for (let i = 0; i < count; i++) {
      read |= this.#words[this.#rowOf(edges[i] as number, objects[i] as number) * rowWords + whole.object] as number
    }
    haveRead(read)
  }

  /** The edge begins anew: what it answered before is forgotten. */
  forget(edge: number): void {
    const [from, to] = [edge * this.#rowsAnEdge, (edge + 1) * this.#rowsAnEdge]
    this.#cells.fill(0, from * rowFractions, to * rowFractions)
    this.#facts.fill(noFacts, from, to)
  }

  /** Keeps an answer that begins to stand at `now`; its row. */
  keep(edge: number, object: ObjectId, answer: SharedAnswer, changes: number, now: EpochMs): number {
    while (this.#isTaken(edge, object, changes, now) && this.#rowsAnEdge < mostRows) this.#double()
    const row = this.#rowOf(edge, object)
    const { facts } = answer
    const at = row * rowFractions
    this.#cells[at + fraction.untilMs] = answer.untilMs as number
    this.#cells[at + fraction.cpuMs] = answer.cpuMs as number
    this.#cells[at + fraction.afterMs] = answer.afterMs as number
    this.#cells[at + fraction.availableMs] = facts.availableMs as number
    const words = this.#words
    const wordAt = row * rowWords
    words[wordAt + whole.object] = object
    words[wordAt + whole.changes] = changes
    words[wordAt + whole.status] = answer.status
    words[wordAt + whole.bytes] = answer.bytes as number
    words[wordAt + whole.said] = answer.said
    words[wordAt + whole.reason] = answer.reason
    words[wordAt + whole.flags] =
      (answer.isWrong ? flag.wrong : 0) |
      (answer.isHit ? flag.hit : 0) |
      (answer.isRefusal ? flag.refusal : 0) |
      (facts.playlist === undefined ? 0 : flag.playlist)
    this.#facts[row] = facts
    return row
  }

  /** Writes the answer of `row` into `exchange`. */
  giveTo(exchange: Exchange, row: number): void {
    const words = this.#words
    const wordAt = row * rowWords
    const flags = words[wordAt + whole.flags] as number
    exchange.status = words[wordAt + whole.status] as number
    exchange.bytes = words[wordAt + whole.bytes] as number
    exchange.availableMs = this.#cells[row * rowFractions + fraction.availableMs] as number
    exchange.playlist = (flags & flag.playlist) === 0 ? undefined : this.#facts[row]?.playlist
    exchange.wrong = flags & flag.wrong
    exchange.said = words[wordAt + whole.said] as number
    exchange.reason = words[wordAt + whole.reason] as number
  }

  cpuMs(row: number): Ms {
    return this.#cells[row * rowFractions + fraction.cpuMs] as number
  }

  afterMs(row: number): Ms {
    return this.#cells[row * rowFractions + fraction.afterMs] as number
  }

  isHit(row: number): boolean {
    return ((this.#words[row * rowWords + whole.flags] as number) & flag.hit) !== 0
  }

  isRefusal(row: number): boolean {
    return ((this.#words[row * rowWords + whole.flags] as number) & flag.refusal) !== 0
  }

  #rowOf(edge: number, object: ObjectId): number {
    return edge * this.#rowsAnEdge + (object & (this.#rowsAnEdge - 1))
  }

  #stands(row: number, changes: number, now: EpochMs): boolean {
    return (
      this.#words[row * rowWords + whole.changes] === changes &&
      (now as number) < (this.#cells[row * rowFractions + fraction.untilMs] as number)
    )
  }

  /** Whether another object's answer stands in the row of `object`. */
  #isTaken(edge: number, object: ObjectId, changes: number, now: EpochMs): boolean {
    const row = this.#rowOf(edge, object)
    return this.#words[row * rowWords + whole.object] !== object && this.#stands(row, changes, now)
  }

  /** Twice as many rows: what stood in different ones still does. */
  #double(): void {
    const [cells, words, facts, rows] = [this.#cells, this.#words, this.#facts, this.#rowsAnEdge]
    this.#rowsAnEdge = 2 * rows
    const table = tableOf(this.#edges * this.#rowsAnEdge)
    for (const [before, kept] of facts.entries()) {
      if (cells[before * rowFractions + fraction.untilMs] === 0) continue // nothing was ever there
      const from = before * rowWords
      const row = this.#rowOf(Math.floor(before / rows), words[from + whole.object] as number)
      table.words.set(words.subarray(from, from + rowWords), row * rowWords)
      table.facts[row] = kept
    }
    this.#cells = table.cells
    this.#words = table.words
    this.#facts = table.facts
  }
}

function tableOf(rows: number): { cells: Float64Array; words: Int32Array; facts: ObjectFacts[] } {
  return { ...alignedCells(rows * rowFractions), facts: new Array(rows).fill(noFacts) }
}
