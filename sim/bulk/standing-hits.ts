import type { CopyId } from '../../edge/core/verdict.ts'
import type { EpochMs } from '../../live/units.ts'

// Hits of an edge that still stand: whoever asks for the same path until then gets the same copy, and the core need not be
// asked.

interface Standing {
  readonly copy: CopyId
  readonly untilMs: EpochMs
}

export class StandingHits {
  readonly #byPath = new Map<string, Standing>()
  readonly #paths = new Map<CopyId, string>()

  /** The copy that stands for `path` at `now`. */
  find(path: string, now: EpochMs): CopyId | undefined {
    const standing = this.#byPath.get(path)
    return standing !== undefined && now < standing.untilMs ? standing.copy : undefined
  }

  stand(path: string, copy: CopyId, untilMs: EpochMs): void {
    this.#byPath.set(path, { copy, untilMs })
    this.#paths.set(copy, path)
  }

  /** `copy` is gone from the store. */
  fall(copy: CopyId): void {
    const path = this.#paths.get(copy)
    if (path === undefined) return
    this.#paths.delete(copy)
    if (this.#byPath.get(path)?.copy === copy) this.#byPath.delete(path)
  }

  clear(): void {
    this.#byPath.clear()
    this.#paths.clear()
  }
}
