import type { HarnessError } from '../harness-error.ts'

// What stands between the fleet and the origin: our edge processes, another cache's, or one that runs already. A world
// knows no more of it than this.

/** An edge and the site that it stands in. */
export interface PlacedEdge {
  readonly edge: string
  readonly site: string
}

export interface Edges {
  /** Starts one edge, on `port` when that is not 0; resolves when it can serve. Throws HarnessError. */
  start(place: PlacedEdge, port: number, signal: AbortSignal): Promise<void>
  /** Where players ask it. Throws HarnessError when it was never started. */
  url(edge: string): string
  isAlive(edge: string): boolean
  /** Ends it without warning. */
  kill(edge: string): Promise<void>
  /** Tells every edge that lives who stands in its site; called when all stand, and when one is back. */
  introduce(places: readonly PlacedEdge[]): Promise<void>
  /** Which actions of a scenario it cannot carry out, each with the reason for people. */
  readonly cannot: Readonly<Record<string, string>>
  /** Resolves when an edge ends without having been asked to. */
  readonly death: Promise<HarnessError>
  /** Ends what still lives, also what is only starting. */
  stop(): Promise<void>
}
