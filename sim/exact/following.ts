import { limits } from '../../live/limits.ts'
import type { EpochMs } from '../../live/units.ts'
import type { OperatorState } from '../../origin/core/operator-state.ts'
import { replicationPauseMs } from '../../origin/core/replication-pause.ts'
import type { Candidate } from '../../origin/core/verdict.ts'
import type { Ground } from './ground.ts'
import type { SimOrigin } from './origin.ts'

// What one origin makes of the announcements of another in virtual time: what origin/http/following.ts and replication.ts
// do with a feed.

/** What a publishing origin tells those that follow it. */
export type Told =
  | { readonly say: 'pushed'; readonly pipeline: string }
  | { readonly say: 'stored'; readonly candidate: Candidate }
  | { readonly say: 'state'; readonly state: OperatorState }

export interface FollowingParts {
  readonly ground: Ground
  readonly follower: SimOrigin
  readonly followed: SimOrigin
  /** Whether the store brings what one takes to the other. */
  readonly takesCandidates: boolean
  /** It had followed this place before: what it missed may have another teller by now. */
  readonly wasLost: boolean
}

export class Following {
  readonly #parts: FollowingParts
  readonly #awaited = new Set<string>()
  #queue: Candidate[] = []
  #looking = 0
  /** Lines come in their order. */
  #lastMs: EpochMs = 0

  constructor(parts: FollowingParts) {
    this.#parts = parts
  }

  get isOver(): boolean {
    const { follower, followed } = this.#parts
    return !follower.alive || !followed.alive
  }

  /** The feed begins: everything that one who knows nothing must know. */
  begin(now: EpochMs): void {
    const { follower, followed, takesCandidates, wasLost } = this.#parts
    const snapshot = followed.core.candidates().toSorted((a, b) => (a.storedMs as number) - (b.storedMs as number))
    this.#deliver({ say: 'state', state: followed.core.operatorState() }, now)
    this.#at(now, at => {
      follower.books.count('feed.lines_taken', snapshot.length + 2)
      if (!takesCandidates) return
      const isOwnRegion = follower.region === followed.region
      if (isOwnRegion) follower.restore(snapshot, at)
      if (isOwnRegion && !wasLost) return
      follower.restore(follower.listStored(), at)
      for (const candidate of snapshot) this.#learn(candidate, at)
    })
  }

  /** The followed origin tells something. */
  tell(line: Told, now: EpochMs): void {
    this.#deliver(line, now)
  }

  #deliver(line: Told, now: EpochMs): void {
    this.#at(now, at => {
      const { follower, takesCandidates } = this.#parts
      follower.books.count('feed.lines_taken')
      if (line.say === 'state') follower.adopt(line.state, at)
      else if (line.say === 'stored') this.#learn(line.candidate, at)
      else if (takesCandidates) {
        follower.core.pushed(line.pipeline, at)
        follower.schedule()
      }
    })
  }

  #at(now: EpochMs, then: (at: EpochMs) => void): void {
    const { agenda, ways } = this.#parts.ground
    const atMs = Math.max(this.#lastMs as number, (now as number) + (ways.originOrigin.oneWayMs() as number))
    this.#lastMs = atMs
    agenda.at(atMs, at => {
      if (!this.isOver) then(at)
    })
  }

  #learn(candidate: Candidate, now: EpochMs): void {
    const { follower, followed, takesCandidates } = this.#parts
    if (!takesCandidates) return
    if (follower.region === followed.region) follower.learn(candidate, now)
    else this.#lookFor(candidate, now)
  }

  /** What another region has acknowledged is visible here when it could be read here. */
  #lookFor(candidate: Candidate, now: EpochMs): void {
    const name = nameOf(candidate)
    if (this.#awaited.has(name) || this.#parts.follower.core.knows(candidate)) return
    this.#awaited.add(name)
    this.#queue.push(candidate)
    this.#work(now)
  }

  #work(now: EpochMs): void {
    while (this.#looking < limits.replicationReads && this.#queue.length > 0) {
      this.#looking++
      this.#look(this.#queue.shift() as Candidate, 1, now, (now as number) + limits.replicationMs)
    }
  }

  #look(candidate: Candidate, attempt: number, now: EpochMs, giveUpMs: EpochMs): void {
    const { follower, followed, ground } = this.#parts
    const { books } = follower
    const end = (at: EpochMs) => {
      this.#looking--
      this.#awaited.delete(nameOf(candidate))
      this.#work(at)
    }
    follower.store.look(candidate, now, (fault, at) => {
      if (fault === undefined) {
        books.visible(followed.region, candidate.storedMs, at)
        follower.learn(candidate, at, candidate)
        end(at)
        return
      }
      const againMs = (at as number) + (replicationPauseMs(attempt) as number)
      if (againMs > (giveUpMs as number)) {
        books.count('store.never_visible')
        end(at)
        return
      }
      books.count('store.visible_retries')
      ground.agenda.at(againMs, then => {
        if (follower.alive) this.#look(candidate, attempt + 1, then, giveUpMs)
      })
    })
  }
}

const nameOf = ({ pipeline, rendition, number }: Candidate): string => `${pipeline}/${rendition}/${number ?? 'init'}`
