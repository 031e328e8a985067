import { RandomStream } from '../../live/random.ts'

// A few players that stand for many: each draw of theirs is spread evenly over [0, 1) (a Latin hypercube; McKay, Beckman
// and Conover 1979), so that shares, join instants and clock errors are met far better than by chance.

/** Draws of one player that are spread; later ones (none today) are by chance. */
const spreadDraws = 32

export class LatinHypercube {
  readonly #size: number
  readonly #seed: number
  readonly #places: Uint32Array[] = []

  constructor(size: number, seed: number, name: string) {
    this.#size = size
    this.#seed = seed
    for (let draw = 0; draw < spreadDraws; draw++)
      this.#places.push(shuffled(size, new RandomStream(seed, `${name}/${draw}`)))
  }

  /** The stream of draws of sample `index`. */
  stream(index: number): RandomStream {
    const places = this.#places.map(place => place[index] as number)
    return new SpreadStream(this.#seed, `spread/${index}`, places, this.#size)
  }
}

class SpreadStream extends RandomStream {
  readonly #places: readonly number[]
  readonly #size: number
  #draw = 0

  constructor(seed: number, name: string, places: readonly number[], size: number) {
    super(seed, name)
    this.#places = places
    this.#size = size
  }

  override next(): number {
    const within = super.next()
    // The base class draws while it is being made, when this part of the object is not there yet.
    if (!(#places in this)) return within
    const place = this.#places[this.#draw++]
    return place === undefined ? within : (place + within) / this.#size
  }
}

/** The numbers below `size` in a random order (Fisher and Yates). */
function shuffled(size: number, stream: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => i)
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(stream.next() * (i + 1))
    const kept = order[i] as number
    order[i] = order[j] as number
    order[j] = kept
  }
  return order
}
