/** Counts by two words of closed lists, for what happens with every request: no text is put together for it. */
export class PairCounts {
  readonly #counts = new Map<string, Map<string | number, number>>()

  add(first: string, second: string | number): void {
    const inner = this.#counts.get(first)
    if (inner) inner.set(second, (inner.get(second) ?? 0) + 1)
    else this.#counts.set(first, new Map([[second, 1]]))
  }

  *[Symbol.iterator](): IterableIterator<readonly [first: string, second: string | number, count: number]> {
    for (const [first, inner] of this.#counts) for (const [second, count] of inner) yield [first, second, count]
  }
}
