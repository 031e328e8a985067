import { limits } from '../../live/limits.ts'
import type { ShortAnswer } from '../core/verdict.ts'
import type { Copies, Copy, CopyReader } from './copies.ts'
import type { DeliveryPlan } from './delivery-plan.ts'
import type { Exchange } from './exchange.ts'

// One response out of one copy, as fast as its client takes it, while the copy may still be arriving.

/** What a delivery needs from the driver. */
export interface DeliveryOffice {
  readonly copies: Copies
  /** Sends the head for `copy` when that can be done by now; undefined: when more of it has come. */
  begin(copy: Copy): DeliveryPlan | undefined
  /** A reader has left; the copy is still arriving. */
  left(copy: Copy): void
  /** Nothing was sent and no copy is left: the short answer instead. */
  answer(answer: ShortAnswer): void
}

export class Delivery implements CopyReader {
  readonly #exchange: Exchange
  readonly #office: DeliveryOffice
  #copy: Copy
  #plan: DeliveryPlan | undefined
  #at = 0
  #blocked = false
  #over = false

  constructor(exchange: Exchange, copy: Copy, office: DeliveryOffice) {
    this.#exchange = exchange
    this.#office = office
    this.#copy = copy
    copy.readers.add(this)
    exchange.response.on('close', () => this.#leave())
    this.advance()
  }

  advance(): void {
    if (this.#over || this.#blocked) return
    if (!this.#plan) {
      this.#plan = this.#office.begin(this.#copy)
      if (!this.#plan) return
      this.#at = this.#plan.from as number
    }
    // Head and bytes leave in one packet, and at once: the next reader must not have to wait for its own.
    const { socket } = this.#exchange.response
    socket?.cork()
    this.#write(this.#plan)
    socket?.uncork()
  }

  broken(by: Copy | undefined, answer: ShortAnswer): void {
    if (this.#over) return
    if (this.#plan) {
      this.#over = true
      this.#exchange.reset()
    } else if (by) {
      this.#copy = by
      by.readers.add(this)
      this.advance()
    } else {
      this.#over = true
      this.#office.answer(answer)
    }
  }

  #write(plan: DeliveryPlan): void {
    const end = (plan.end as number | undefined) ?? this.#endOfCopy()
    if (this.#at === end) this.#end()
    else while (this.#writePiece(end));
  }

  /** Whether the client would take another piece. */
  #writePiece(end: number | undefined): boolean {
    const piece = this.#copy.piece(this.#at, Math.min(limits.sliceBytes, (end ?? Infinity) - this.#at))
    if (!piece) {
      this.#starved()
      return false
    }
    this.#at += piece.length
    if (this.#at === end) {
      this.#end(piece)
      return false
    }
    if (this.#exchange.write(piece)) return true
    this.#block()
    return false
  }

  // Less came than the head promised, though the copy counts as whole: never to look complete.
  #starved(): void {
    if (this.#copy.state === 'whole') this.#exchange.reset()
  }

  #endOfCopy(): number | undefined {
    return this.#copy.state === 'whole' ? (this.#copy.receivedBytes as number) : undefined
  }

  #block(): void {
    this.#blocked = true
    this.#exchange.response.once('drain', () => {
      this.#blocked = false
      this.advance()
    })
  }

  #end(piece?: Buffer): void {
    this.#exchange.end(piece)
    this.#leave()
  }

  #leave(): void {
    this.#over = true
    this.#copy.readers.delete(this)
    this.#office.copies.release(this.#copy)
    if (this.#copy.state === 'arriving') this.#office.left(this.#copy)
  }
}
