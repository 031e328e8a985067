import type { EpochMs } from '../../live/units.ts'

// What is to happen when, in virtual time: a binary heap. Of equal instants the one that was put in first comes first,
// so that a run depends on its inputs only.

type Act = () => void

export class Agenda {
  now: EpochMs
  #times: number[] = []
  #turns: number[] = []
  #acts: Act[] = []
  #turn = 0

  constructor(now: EpochMs) {
    this.now = now
  }

  get size(): number {
    return this.#times.length
  }

  /** `act` is called at `atMs`; an instant that has passed means now. */
  at(atMs: EpochMs, act: Act): void {
    const time = Math.max(atMs as number, this.now as number)
    let child = this.#times.length
    const turn = this.#turn++
    this.#times.push(time)
    this.#turns.push(turn)
    this.#acts.push(act)
    while (child > 0) {
      const parent = (child - 1) >> 1
      if ((this.#times[parent] as number) <= time) break
      this.#move(parent, child)
      child = parent
    }
    this.#put(child, time, turn, act)
  }

  /** Everything up to and including `untilMs`, in order. */
  runUntil(untilMs: EpochMs): void {
    while (this.#times.length > 0 && (this.#times[0] as number) <= (untilMs as number)) {
      this.now = this.#times[0] as number
      const act = this.#acts[0] as Act
      this.#removeTop()
      act()
    }
    this.now = untilMs
  }

  #removeTop(): void {
    const time = this.#times.pop() as number
    const turn = this.#turns.pop() as number
    const act = this.#acts.pop() as Act
    const size = this.#times.length
    if (size === 0) return
    let parent = 0
    for (;;) {
      let child = 2 * parent + 1
      if (child >= size) break
      if (child + 1 < size && this.#isBefore(child + 1, child)) child++
      const childTime = this.#times[child] as number
      if (childTime > time || (childTime === time && (this.#turns[child] as number) > turn)) break
      this.#move(child, parent)
      parent = child
    }
    this.#put(parent, time, turn, act)
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#times[a] as number, this.#times[b] as number]
    return left < right || (left === right && (this.#turns[a] as number) < (this.#turns[b] as number))
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from] as number, this.#turns[from] as number, this.#acts[from] as Act)
  }

  #put(at: number, time: number, turn: number, act: Act): void {
    this.#times[at] = time
    this.#turns[at] = turn
    this.#acts[at] = act
  }
}
