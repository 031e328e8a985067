import type { Ms } from './units.ts'

// Seeded randomness. Cores draw none of their own: they derive what must look random from a seed and a name, so that the
// same question has the same answer in every world, and the order of questions does not matter.

/** A 32-bit hash (FNV-1a with a final avalanche) of `text`, started from `seed`. Not for secrets. */
export function hash32(text: string, seed = 0): number {
  let h = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A number in [0, 1) that depends on `seed` and `name` only. */
export const unitFraction = (seed: number, name: string): number => hash32(name, seed) / 0x1_0000_0000

/** A duration between `lowMs` and `highMs` that depends on `seed` and `name` only: jitter that can be replayed. */
export const jitterBetween = (lowMs: Ms, highMs: Ms, seed: number, name: string): Ms =>
  (lowMs as number) + unitFraction(seed, name) * ((highMs as number) - (lowMs as number))

/** A stream of random numbers: sfc32, seeded by a number and a name. State is four words, so that it can be copied. */
export class RandomStream {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, name: string) {
    this.#a = hash32(`${name}/a`, seed)
    this.#b = hash32(`${name}/b`, seed)
    this.#c = hash32(`${name}/c`, seed)
    for (let i = 0; i < 12; i++) this.next()
  }

  /** The next number in [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + sum) | 0
    return (sum >>> 0) / 0x1_0000_0000
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  /** Normal with the given mean and standard deviation (Box and Muller). */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next())
  }

  /** Lognormal, given by its median and the standard deviation of its logarithm. */
  lognormal(median: number, sigma: number): number {
    return median * Math.exp(this.normal(0, sigma))
  }
}
