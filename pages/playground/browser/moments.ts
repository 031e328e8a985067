import type { ExactWorld } from '../../../sim/exact/world.ts'
import { type Counts, flowOf, grown, since } from '../../live/flow.ts'
import type { Moment } from '../messages.ts'

// What a world counts, step by step of virtual time: the differences between two looks at its counts. A process that was
// started again counts from nothing.

export class Moments {
  readonly #world: ExactWorld
  readonly #edgesBefore = new Map<string, Counts>()
  readonly #originsBefore = new Map<string, number>()

  constructor(world: ExactWorld) {
    this.#world = world
  }

  /** What happened since the last look. */
  take(): Moment {
    const { livingEdges, origins, fleet, startMs, agenda } = this.#world
    const flow = { hits: 0, negative: 0, collapsed: 0, fills: 0, refused: 0 }
    let waiting = 0
    for (const edge of livingEdges) {
      const counts = Object.fromEntries(edge.counts())
      const change = flowOf(since(this.#edgesBefore.get(edge.name), counts))
      this.#edgesBefore.set(edge.name, counts)
      for (const name of Object.keys(flow) as (keyof typeof flow)[]) flow[name] += change[name]
      waiting += edge.recorder.waiting
    }
    let origin = 0
    let held = 0
    for (const { name, books } of origins.living()) {
      const asked = books.counts().get('requests') ?? 0
      origin += grown(this.#originsBefore.get(name) ?? 0, asked)
      this.#originsBefore.set(name, asked)
      held += books.heldNow
    }
    const atMs = (agenda.nowMs as number) - (startMs as number)
    return { atMs, players: fleet.tally.playersNow, ...flow, origin, waiting, held }
  }
}
