import { type Address, formatAddress } from '../live/address.ts'
import type { LiveEvent } from '../live/event.ts'

// Addresses of one event as small whole numbers, so that a world of millions of requests keeps numbers where the cores
// speak of addresses.

export type ObjectId = number

const ofEvent = ['manifest', 'main-playlist', 'event-config'] as const
const perRendition = ['init', 'media-playlist'] as const

/** How many addresses are remembered in words; a DVR window of every rendition is fewer. */
const remembered = 8_192

export class Objects {
  readonly renditions: readonly string[]
  readonly #event: string
  readonly #firstNumber: number
  readonly #places: ReadonlyMap<string, number>
  readonly #firstSegment: number
  readonly #questions = new Map<ObjectId, { readonly method: 'GET'; readonly path: string }>()

  constructor(event: LiveEvent) {
    this.#event = event.event
    this.#firstNumber = event.firstNumber
    this.renditions = event.renditions.map(({ name }) => name)
    this.#places = new Map(this.renditions.map((name, place) => [name, place]))
    this.#firstSegment = ofEvent.length + perRendition.length * this.renditions.length
  }

  idOf(address: Address): ObjectId {
    if (address.kind === 'segment') {
      const place = this.#places.get(address.rendition) as number
      return this.#firstSegment + ((address.number as number) - this.#firstNumber) * this.renditions.length + place
    }
    if (address.kind === 'init' || address.kind === 'media-playlist') {
      const offset = address.kind === 'init' ? 0 : this.renditions.length
      return ofEvent.length + offset + (this.#places.get(address.rendition) as number)
    }
    return ofEvent.indexOf(address.kind)
  }

  isSegment(id: ObjectId): boolean {
    return id >= this.#firstSegment
  }

  /** The number of a segment. */
  numberOf(id: ObjectId): number {
    return this.#firstNumber + Math.floor((id - this.#firstSegment) / this.renditions.length)
  }

  addressOf(id: ObjectId): Address {
    const event = this.#event
    const { length } = this.renditions
    if (id >= this.#firstSegment) {
      const rendition = this.renditions[(id - this.#firstSegment) % length] as string
      return { kind: 'segment', event, rendition, number: this.numberOf(id) }
    }
    if (id < ofEvent.length) return { kind: ofEvent[id] as (typeof ofEvent)[number], event }
    const place = id - ofEvent.length
    const kind = perRendition[Math.floor(place / length)] as (typeof perRendition)[number]
    return { kind, event, rendition: this.renditions[place % length] as string }
  }

  /** A player's question for the object; the same one each time, as far as is remembered. */
  questionFor(id: ObjectId): { readonly method: 'GET'; readonly path: string } {
    const known = this.#questions.get(id)
    if (known) return known
    if (this.#questions.size >= remembered) this.#questions.clear()
    const question = { method: 'GET', path: formatAddress(this.addressOf(id)) } as const
    this.#questions.set(id, question)
    return question
  }
}
