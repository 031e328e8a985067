import { StoreError } from '../segment-store.ts'

// Back-pressure: so many requests are on their way, so many wait for their turn, and none longer than until its
// deadline. What comes beyond is refused at once, which costs nobody anything; a queue without an end costs everybody.

interface Waiter {
  readonly start: () => void
  readonly timer: NodeJS.Timeout
}

export class InFlight {
  readonly #name: string
  readonly #running: number
  readonly #waiting: number
  readonly #waiters: Waiter[] = []
  readonly #onRefused: () => void
  #count = 0

  /** `name` is for messages: `reads`. `onRefused` is called for each that is not taken, or had to wait too long. */
  constructor(
    name: string,
    limits: { readonly running: number; readonly waiting: number },
    onRefused: () => void = () => {},
  ) {
    this.#name = name
    this.#onRefused = onRefused
    this.#running = limits.running
    this.#waiting = limits.waiting
  }

  /** Runs `task` when it is its turn. Throws `unavailable` when too many wait, or `deadline` comes first. */
  async run<Result>(deadline: number, task: () => Promise<Result>): Promise<Result> {
    if (this.#count < this.#running) this.#count += 1
    else await this.#turn(deadline) // Takes over the place of the one that ended.
    try {
      return await task()
    } finally {
      const next = this.#waiters.shift()
      if (next) next.start()
      else this.#count -= 1
    }
  }

  #turn(deadline: number): Promise<void> {
    if (this.#waiters.length >= this.#waiting) {
      this.#onRefused()
      throw new StoreError(
        'unavailable',
        `Cassandra has ${this.#running} ${this.#name} on their way and ${this.#waiting} waiting: no more are taken`,
      )
    }
    return new Promise((start, fail) => {
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        this.#onRefused()
        fail(new StoreError('unavailable', `Cassandra had no room for one more of its ${this.#name} in time`))
      }, deadline - performance.now())
      const waiter: Waiter = {
        timer,
        start: () => {
          clearTimeout(timer)
          start()
        },
      }
      this.#waiters.push(waiter)
    })
  }
}
