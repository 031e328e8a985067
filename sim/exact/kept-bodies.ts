import type { EpochMs } from '../../live/units.ts'
import type { OperatorState } from '../../origin/core/operator-state.ts'
import type { Candidate } from '../../origin/core/verdict.ts'

// What one store holds: an embedded one, a data centre of a cluster, a bucket. Bodies are identities here. It outlives
// the origins that use it, unless it is one that lives in their memory.

/** Why an operation of a store failed. `conflict`: another body stands under the name. */
export type StoreFault = 'unavailable' | 'missing' | 'conflict'
/** The end of an operation, at its instant. */
export type StoreEnded = (fault: StoreFault | undefined, at: EpochMs) => void

export type Target = Pick<Candidate, 'pipeline' | 'rendition' | 'number'>

const nameOf = ({ pipeline, rendition, number }: Target): string => `${pipeline}/${rendition}/${number ?? 'init'}`

export class KeptBodies {
  /** What operators have commanded. */
  state: OperatorState | undefined
  readonly #bodies = new Map<string, Candidate>()
  readonly #nodes: number
  readonly #dead = new Set<number>()

  /** @param nodes that each hold everything; a majority of them must live */
  constructor(nodes: number) {
    this.#nodes = nodes
  }

  /** Whether enough of it lives to answer. */
  get answers(): boolean {
    return this.#nodes - this.#dead.size > this.#nodes / 2
  }

  killNode(node: number): void {
    this.#dead.add(node)
  }

  reviveNode(node: number): void {
    this.#dead.delete(node)
  }

  killAll(): void {
    for (let node = 1; node <= this.#nodes; node++) this.#dead.add(node)
  }

  reviveAll(): void {
    this.#dead.clear()
  }

  /** Keeps `candidate`; false where another body stands under its name. */
  put(candidate: Candidate): boolean {
    const known = this.#bodies.get(nameOf(candidate))
    if (known !== undefined) return known.etag === candidate.etag
    this.#bodies.set(nameOf(candidate), candidate)
    return true
  }

  /** What stands under this name. */
  find(target: Target): Candidate | undefined {
    return this.#bodies.get(nameOf(target))
  }

  remove(target: Target): void {
    this.#bodies.delete(nameOf(target))
  }

  list(): readonly Candidate[] {
    return [...this.#bodies.values()]
  }

  /** Everything is forgotten, as with the memory of a process. */
  clear(): void {
    this.#bodies.clear()
    this.state = undefined
  }
}
