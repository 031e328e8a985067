import type { TicketId } from '../../edge/core/verdict.ts'
import type { Bytes, EpochMs } from '../../live/units.ts'
import type { RequestNumber } from '../../loadgen/player/player-io.ts'
import type { PlaylistSegments } from '../../origin/core/verdict.ts'
import type { ObjectId } from '../objects.ts'

// A request of a player that is under way. What it keeps are numbers in a row of their own: two lines of a processor's
// cache, where an object would take eight, because the engine boxes each instant. Thousands are under way at once in a
// large fleet, and each is looked at a few times, long after it was looked at last.

export const at = {
  free: 0,
  /** On its way to the edge. */
  toEdge: 1,
  /** Waits at the edge for a fill; due when its player gives up waiting for the first byte. */
  waiting: 2,
  /** Its head is on its way, its body still arrives at the edge; due when its player gives up. */
  reading: 3,
  /** The last byte is on its way; due when it is there. */
  toPlayer: 4,
  /** Its answer comes later than its player waits; due when the player gives up. */
  late: 5,
  /** Its answer is there, and the generator is at it; due when it is through. */
  read: 6,
  /** Has arrived at the edge; due when its process hears of it. */
  arrived: 7,
  /** Is the edge's next but for what its event loop does before; due when that is done. */
  queued: 8,
  /** Is to be sent; due when its generator's timer goes off. */
  planned: 9,
} as const

/** How a request ended, beside its status. */
export const results = { status: 0, refused: 1, reset: 2, timeout: 3 } as const
export const resultNames = ['status', 'refused', 'reset', 'timeout'] as const

/** What the cache nearest to the player said. */
export const said = { nothing: 0, hit: 1, collapsed: 2, forwarded: 3 } as const

/** Rows of numbers, instants in front and whole numbers of up to 32 bits over the same bytes. */
export interface ExchangeRows {
  readonly cells: Float64Array
  readonly words: Int32Array
}

/** A row's length in fractions: two lines of 64 bytes. */
export const exchangeRowLength = 16

// Instants stand at 0 to 8 of a row, whole numbers at 18 to 30 of the same bytes. The places are written out: the engine puts
// a function in place of its call without counting it where it is this short, and a request goes through many of these.

export class Exchange {
  /** Its number in the agenda. */
  readonly transient: number
  playlist: PlaylistSegments | undefined
  // Each has both at hand: they are read many times for a request.
  #cells: Float64Array
  #words: Int32Array

  constructor(transient: number, rows: ExchangeRows) {
    this.transient = transient
    this.#cells = rows.cells
    this.#words = rows.words
  }

  /** Its row lies in `rows` from now on. */
  moveTo({ cells, words }: ExchangeRows): void {
    this.#cells = cells
    this.#words = words
  }

  /** When it is next due in the agenda. */
  get dueMs(): EpochMs {
    return this.#cells[this.transient * 16] as number
  }

  set dueMs(value: EpochMs) {
    this.#cells[this.transient * 16] = value as number
  }

  /** When its player is to be woken. */
  get wakeMs(): EpochMs {
    return this.#cells[this.transient * 16 + 1] as number
  }

  set wakeMs(value: EpochMs) {
    this.#cells[this.transient * 16 + 1] = value as number
  }

  get plannedMs(): EpochMs {
    return this.#cells[this.transient * 16 + 2] as number
  }

  set plannedMs(value: EpochMs) {
    this.#cells[this.transient * 16 + 2] = value as number
  }

  get sentMs(): EpochMs {
    return this.#cells[this.transient * 16 + 3] as number
  }

  set sentMs(value: EpochMs) {
    this.#cells[this.transient * 16 + 3] = value as number
  }

  get firstByteByMs(): EpochMs {
    return this.#cells[this.transient * 16 + 4] as number
  }

  set firstByteByMs(value: EpochMs) {
    this.#cells[this.transient * 16 + 4] = value as number
  }

  /** At the edge. */
  get arrivedMs(): EpochMs {
    return this.#cells[this.transient * 16 + 5] as number
  }

  set arrivedMs(value: EpochMs) {
    this.#cells[this.transient * 16 + 5] = value as number
  }

  get firstByteMs(): EpochMs {
    return this.#cells[this.transient * 16 + 6] as number
  }

  set firstByteMs(value: EpochMs) {
    this.#cells[this.transient * 16 + 6] = value as number
  }

  get lastByteMs(): EpochMs {
    return this.#cells[this.transient * 16 + 7] as number
  }

  set lastByteMs(value: EpochMs) {
    this.#cells[this.transient * 16 + 7] = value as number
  }

  get availableMs(): EpochMs {
    return this.#cells[this.transient * 16 + 8] as number
  }

  set availableMs(value: EpochMs) {
    this.#cells[this.transient * 16 + 8] = value as number
  }

  get state(): number {
    return this.#words[this.transient * 32 + 18] as number
  }

  set state(value: number) {
    this.#words[this.transient * 32 + 18] = value as number
  }

  get seat(): number {
    return this.#words[this.transient * 32 + 19] as number
  }

  set seat(value: number) {
    this.#words[this.transient * 32 + 19] = value as number
  }

  /** The player's own number of the request. */
  get request(): RequestNumber {
    return this.#words[this.transient * 32 + 20] as number
  }

  set request(value: RequestNumber) {
    this.#words[this.transient * 32 + 20] = value as number
  }

  get object(): ObjectId {
    return this.#words[this.transient * 32 + 21] as number
  }

  set object(value: ObjectId) {
    this.#words[this.transient * 32 + 21] = value as number
  }

  get edge(): number {
    return this.#words[this.transient * 32 + 22] as number
  }

  set edge(value: number) {
    this.#words[this.transient * 32 + 22] = value as number
  }

  /** The next one of the same player that is under way, by its number in the agenda; below 0: none. */
  get next(): number {
    return this.#words[this.transient * 32 + 23] as number
  }

  set next(value: number) {
    this.#words[this.transient * 32 + 23] = value as number
  }

  /** The core's ticket while it waits. */
  get ticket(): TicketId {
    return this.#words[this.transient * 32 + 24] as number
  }

  set ticket(value: TicketId) {
    this.#words[this.transient * 32 + 24] = value as number
  }

  get bytes(): Bytes {
    return this.#words[this.transient * 32 + 25] as number
  }

  set bytes(value: Bytes) {
    this.#words[this.transient * 32 + 25] = value as number
  }

  get status(): number {
    return this.#words[this.transient * 32 + 26] as number
  }

  set status(value: number) {
    this.#words[this.transient * 32 + 26] = value as number
  }

  get result(): number {
    return this.#words[this.transient * 32 + 27] as number
  }

  set result(value: number) {
    this.#words[this.transient * 32 + 27] = value as number
  }

  /** 1: the body is another object's, or not whole. */
  get wrong(): number {
    return this.#words[this.transient * 32 + 28] as number
  }

  set wrong(value: number) {
    this.#words[this.transient * 32 + 28] = value as number
  }

  get said(): number {
    return this.#words[this.transient * 32 + 29] as number
  }

  set said(value: number) {
    this.#words[this.transient * 32 + 29] = value as number
  }

  /** The place of the edge's reason in the list of reasons. */
  get reason(): number {
    return this.#words[this.transient * 32 + 30] as number
  }

  set reason(value: number) {
    this.#words[this.transient * 32 + 30] = value as number
  }
}
