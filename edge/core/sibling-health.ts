// Whether a sibling lives, from what became of the questions that it was asked. A held request looks like a dead
// sibling, so it is asked apart from the requests: two misses in a row or one refused connection for dead, one answer
// for alive. Every sibling begins alive.

const missesForDead = 2

export class SiblingHealth {
  #misses = 0
  #alive = true

  get alive(): boolean {
    return this.#alive
  }

  /** It answered. Whether that is news. */
  answered(): boolean {
    this.#misses = 0
    return this.#turn(true)
  }

  /** No answer came in time, or the connection broke. Whether it counts as dead from now on. */
  missed(): boolean {
    this.#misses++
    return this.#misses >= missesForDead && this.#turn(false)
  }

  /** Nobody listens there: it counts as dead at once. Whether that is news. */
  refused(): boolean {
    this.#misses += missesForDead
    return this.#turn(false)
  }

  #turn(alive: boolean): boolean {
    const isNew = this.#alive !== alive
    this.#alive = alive
    return isNew
  }
}
