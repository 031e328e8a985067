import { RandomStream } from '../../live/random.ts'
import { normalQuantile } from './normal-quantile.ts'

// A few players that stand for many. Each draw of theirs is spread evenly over [0, 1) (a Latin hypercube; McKay, Beckman
// and Conover 1979), so that shares, join instants and clock errors are met far better than by chance. And each draw is
// even together with its neighbour: who asks first for a segment is whose scheduler looks early and whose clock is ahead,
// which is a corner of two draws that a Latin hypercube alone meets no better than chance does.

/** Draws of one player that are spread; later ones (none today) are by chance. */
const spreadDraws = 32

export class LatinHypercube {
  readonly size: number
  readonly #seed: number
  /** By draw: on which of `size` steps of [0, 1) each sample lies. */
  readonly #places: Uint32Array[] = []

  constructor(size: number, seed: number, name: string) {
    this.size = size
    this.#seed = seed
    const step = latticeStep(size)
    for (let draw = 0; draw < spreadDraws; draw += 2) {
      const stream = new RandomStream(seed, `${name}/${draw}`)
      const first = shuffled(size, stream)
      const shift = Math.floor(stream.next() * size)
      this.#places.push(
        first,
        first.map(place => (place * step + shift) % size),
      )
    }
  }

  /** The stream of draws of sample `index`; with `bent` one of them is not spread evenly. */
  stream(index: number, bent: BentDraw | undefined = undefined): RandomStream {
    const places = this.#places.map(place => place[index] as number)
    return new SpreadStream(this.#seed, `spread/${index}`, places, this.size, bent)
  }
}

/** The draw at place `draw` is what `bend` makes of it. */
export interface BentDraw {
  readonly draw: number
  readonly bend: (even: number) => number
}

class SpreadStream extends RandomStream {
  readonly #places: readonly number[]
  readonly #size: number
  readonly #bent: BentDraw | undefined
  #draw = 0

  constructor(seed: number, name: string, places: readonly number[], size: number, bent: BentDraw | undefined) {
    super(seed, name)
    this.#places = places
    this.#size = size
    this.#bent = bent
  }

  override next(): number {
    const within = super.next()
    // The base class draws while it is being made, when this part of the object is not there yet.
    if (!(#places in this)) return within
    const draw = this.#draw++
    const place = this.#places[draw]
    const even = place === undefined ? within : (place + within) / this.#size
    return draw === this.#bent?.draw ? this.#bent.bend(even) : even
  }

  /** By one draw, where the base class takes two: what is spread evenly stays so. */
  override normal(mean: number, deviation: number): number {
    return mean + deviation * normalQuantile(this.next())
  }
}

/** How far from the golden section a step is looked for. */
const stepsTried = 16

/**
 * A step by which `size` points fill a square evenly: point i at (i, i * step modulo size). It is even where the continued
 * fraction of step / size has small terms only, as that of the golden section has (Niederreiter 1992, chapter 5).
 */
function latticeStep(size: number): number {
  const golden = Math.round(size * ((Math.sqrt(5) - 1) / 2))
  let best = { step: 1, term: Infinity }
  for (let step = Math.max(1, golden - stepsTried); step <= golden + stepsTried; step++) {
    const term = largestTerm(step, size)
    if (term < best.term) best = { step, term }
  }
  return best.step
}

/** The largest term of the continued fraction of step / size; Infinity where the two have a divisor in common. */
function largestTerm(step: number, size: number): number {
  let largest = 0
  let [high, low] = [size, step % size]
  while (low > 0) {
    // The last term may be written as one less and 1.
    const isLast = high % low === 0
    largest = Math.max(largest, isLast ? high / low - 1 : Math.floor(high / low))
    const rest = high % low
    high = low
    low = rest
  }
  return high === 1 ? largest : Infinity
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
