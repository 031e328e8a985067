import { expectedPublication, liveEdge } from '../../live/template.ts'
import { between } from '../../live/units.ts'
import { plannedPutMs } from '../../origin/core/pipeline-schedule.ts'
import type { BulkWorld } from './layout.ts'

// When the first PUT of each live segment begins, as every pipeline plans it: the same for all sites, so computed once.

/** Numbers before the storm's first one, and behind its last one, that are asked for as live. */
const margin = 4

export class Publications {
  readonly #first: number
  readonly #renditions: number
  readonly #offsets: Float64Array

  constructor({ event, publishJitter, seed, startMs, durationMs }: BulkWorld) {
    const numbers = Math.ceil((durationMs as number) / event.segmentMs) + 2 * margin
    this.#first = (liveEdge(event, startMs) as number) - margin
    this.#renditions = event.renditions.length
    this.#offsets = new Float64Array(numbers * this.#renditions)
    for (let place = 0; place < numbers; place++) {
      const number = this.#first + place
      for (const [index, { name }] of event.renditions.entries()) {
        const planned = event.pipelines.map(
          pipeline => plannedPutMs({ event, pipeline, publishJitter, seed }, name, number) as number,
        )
        const offsetMs = between(expectedPublication(event, number), Math.min(...planned)) as number
        this.#offsets[place * this.#renditions + index] = offsetMs
      }
    }
  }

  /** From the expected publication to the beginning of the first PUT, ms. */
  offsetMs(number: number, rendition: number): number {
    return this.#offsets[(number - this.#first) * this.#renditions + rendition] ?? 0
  }
}
