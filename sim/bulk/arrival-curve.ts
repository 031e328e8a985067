import { clamp } from '../../live/units.ts'
import { binMs, liveBins, liveFromMs } from './layout.ts'

// When the live requests of one edge come, as expected numbers. Of each bin two things are known: how many come in it, and
// where in it they lie in the mean. Within it the density is the straight line that has both, cut off where it would be
// negative: so the early arrivals of a bin that rises lie towards its end, where they lie in truth, and a jump within a bin
// stays one. Whole numbers of bins would have to be five times as fine to come as near (docs/decisions/042).

/** A row of live requests: how many come in each bin, then for each bin the sum of their places in it. */
export const liveCells = 2 * liveBins

/** Adds `weight` requests at `offsetMs` from the expected publication to the row that begins at `at`. */
export function addArrival(row: Float32Array, at: number, offsetMs: number, weight: number): void {
  const place = Math.min(liveBins, Math.max(0, (offsetMs - liveFromMs) / binMs))
  const bin = Math.min(liveBins - 1, Math.floor(place))
  row[at + bin] = (row[at + bin] as number) + weight
  row[at + liveBins + bin] = (row[at + liveBins + bin] as number) + weight * (place - bin)
}

export class ArrivalCurve {
  /** Expected arrivals up to the beginning of each bin. */
  readonly #upTo = new Float64Array(liveBins + 1)
  /** Where in each bin they lie in the mean: 0 is its beginning, 1 its end. */
  readonly #middle = new Float64Array(liveBins)

  /** Reads a row of `liveCells`. */
  read(row: ArrayLike<number>): void {
    let upTo = 0
    for (let bin = 0; bin < liveBins; bin++) {
      const arrivals = row[bin] as number
      upTo += arrivals
      this.#upTo[bin + 1] = upTo
      const middle = arrivals > 0 ? (row[liveBins + bin] as number) / arrivals : 0.5
      this.#middle[bin] = clamp(middle, narrowest, 1 - narrowest)
    }
  }

  get total(): number {
    return this.#upTo[liveBins] as number
  }

  /** Expected arrivals before `atMs`. */
  before(atMs: number): number {
    const place = (atMs - liveFromMs) / binMs
    if (place <= 0) return 0
    if (place >= liveBins) return this.total
    const bin = Math.floor(place)
    const upTo = this.#upTo[bin] as number
    return upTo + ((this.#upTo[bin + 1] as number) - upTo) * shareBefore(place - bin, this.#middle[bin] as number)
  }

  /** When the expected arrivals reach `count`, which is below their total. */
  instantOf(count: number): number {
    let low = 0
    let high = liveBins
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((this.#upTo[middle] as number) <= count) low = middle
      else high = middle
    }
    const upTo = this.#upTo[low] as number
    const within = (this.#upTo[low + 1] as number) - upTo
    const place = within > 0 ? placeOf((count - upTo) / within, this.#middle[low] as number) : 0
    return liveFromMs + (low + place) * binMs
  }
}

/** All of a bin's arrivals at one instant are spread over at least three times this share of it. */
const narrowest = 1e-4
/** A mean in the first or last third of a bin asks for more than a straight line over all of it that is never negative. */
const third = 1 / 3

/** The share of a bin's arrivals that come in its first `place` (0 to 1), where they lie at `middle` in the mean. */
function shareBefore(place: number, middle: number): number {
  if (middle > 1 - third) return risingBefore(place, middle)
  if (middle < third) return 1 - risingBefore(1 - place, 1 - middle)
  const slope = 12 * (middle - 0.5)
  return place + (slope / 2) * (place * place - place)
}

/** Where in a bin (0 to 1) `share` of its arrivals have come: the inverse. */
function placeOf(share: number, middle: number): number {
  if (middle > 1 - third) return risingPlace(share, middle)
  if (middle < third) return 1 - risingPlace(1 - share, 1 - middle)
  if (share <= 0) return 0
  const slope = 12 * (middle - 0.5)
  const first = 1 - slope / 2
  return (2 * share) / (first + Math.sqrt(Math.max(0, first * first + 2 * slope * share)))
}

/** A density that rises from 0 at `risingFrom` to the bin's end. */
const risingFrom = (middle: number): number => 3 * middle - 2

function risingBefore(place: number, middle: number): number {
  const from = risingFrom(middle)
  return place <= from ? 0 : ((place - from) / (1 - from)) ** 2
}

function risingPlace(share: number, middle: number): number {
  const from = risingFrom(middle)
  return from + (1 - from) * Math.sqrt(Math.max(0, share))
}
