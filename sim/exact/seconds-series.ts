import type { EpochMs } from '../../live/units.ts'
import type { Recorder } from '../../process/recorder.ts'
import { widened } from '../widened.ts'

/** A series second by second, from the run's first on. */
export class SecondsSeries {
  readonly name: string
  #cells = new Float64Array(64)
  readonly #firstSecond: number

  constructor(name: string, firstSecond: number) {
    this.name = name
    this.#firstSecond = firstSecond
  }

  add(at: EpochMs, by: number): void {
    const cell = Math.max(0, Math.floor((at as number) / 1_000) - this.#firstSecond)
    if (cell >= this.#cells.length) this.#cells = widened(this.#cells, new Float64Array(2 * cell))
    this.#cells[cell] = (this.#cells[cell] as number) + by
  }

  handTo(recorder: Recorder): void {
    for (const [cell, value] of this.#cells.entries())
      if (value !== 0) recorder.tick(this.name, (this.#firstSecond + cell) * 1_000, value)
  }
}
