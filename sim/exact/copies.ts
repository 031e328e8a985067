import type { CopyId } from '../../edge/core/verdict.ts'
import type { EpochMs } from '../../live/units.ts'
import type { Exchange } from './exchange.ts'
import { noFacts, type ObjectFacts } from './upstream-call.ts'

// The bodies of an edge's copies, of which a simulated world needs who reads them and when they are whole.

/** A reader of a copy that is still arriving. */
export interface SiblingReader {
  complete(bytes: number, now: EpochMs): void
  broken(now: EpochMs): void
}

export class SimCopy {
  readonly id: CopyId
  facts: ObjectFacts = noFacts
  receivedBytes = 0
  state: 'arriving' | 'whole' | 'broken' = 'arriving'
  readers: Exchange[] = []
  siblings: SiblingReader[] = []

  constructor(id: CopyId) {
    this.id = id
  }

  get isRead(): boolean {
    return this.readers.length + this.siblings.length > 0
  }
}

export class SimCopies {
  readonly #copies = new Map<CopyId, SimCopy>()

  get(id: CopyId): SimCopy | undefined {
    return this.#copies.get(id)
  }

  all(): Iterable<SimCopy> {
    return this.#copies.values()
  }

  /** The copy, made empty when it is new. */
  open(id: CopyId): SimCopy {
    const known = this.#copies.get(id)
    if (known) return known
    const copy = new SimCopy(id)
    this.#copies.set(id, copy)
    return copy
  }

  /** The core keeps it no longer; its readers hold it themselves. */
  drop(id: CopyId): void {
    this.#copies.delete(id)
  }
}
