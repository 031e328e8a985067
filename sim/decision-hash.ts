// A streaming hash of everything that the cores of a world decide, in their order: two runs with one hash took the same
// decisions. 64 bits in two lanes of xxHash's kind, fed with whole words, because a million decisions a second go
// through it. Not for secrets.

const scratch = new Float64Array(1)
const words = new Int32Array(scratch.buffer)

const multiplyA = 0x9e3779b1 | 0
const multiplyB = 0x85ebca77 | 0

export class DecisionHash {
  #a = 0x2545f491
  #b = 0x14057b7e
  #count = 0

  /** How many words have gone in. */
  get words(): number {
    return this.#count
  }

  /** A whole number of up to 32 bits. */
  word(value: number): void {
    this.#count++
    const a = Math.imul(this.#a ^ value, multiplyA)
    this.#a = (a << 13) | (a >>> 19)
    const b = Math.imul(this.#b + value, multiplyB)
    this.#b = ((b << 17) | (b >>> 15)) ^ a
  }

  /** Any number, to the last bit: an instant, a duration, a count of bytes. */
  number(value: number): void {
    scratch[0] = value
    this.word(words[0] as number)
    this.word(words[1] as number)
  }

  /** A name. */
  text(value: string): void {
    this.word(value.length)
    for (let i = 0; i < value.length; i++) this.word(value.charCodeAt(i))
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    return [this.#a ^ this.#count, this.#b ^ (this.#a >>> 7)]
      .map(lane => {
        const mixed = Math.imul(lane ^ (lane >>> 16), multiplyB)
        return ((mixed ^ (mixed >>> 13)) >>> 0).toString(16).padStart(8, '0')
      })
      .join('')
  }
}
