import type { EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { Candidate } from '../core/verdict.ts'
import { delivers, type Followed, isShared } from './config.ts'
import { FeedClient } from './feed-client.ts'
import { type FeedLine, type Hello, templateOf } from './feed-lines.ts'
import type { OriginRuntime } from './origin-runtime.ts'
import { listStored } from './recovery.ts'
import { Replication } from './replication.ts'
import type { StateKeeper } from './state-keeper.ts'

// What this process makes of the announcements of one publish process. While their feed is lost it goes on with what it
// knows; when it is back, the store is listed, because what was announced meanwhile may have another teller by now.

export interface FollowingParts {
  readonly origin: OriginRuntime
  readonly followed: Followed
  readonly token: string
  readonly keeper: StateKeeper
}

export class Following {
  readonly #parts: FollowingParts
  readonly #client: FeedClient
  readonly #replication: Replication
  /** Candidates of a snapshot that is not over yet. */
  #snapshot: Candidate[] | undefined
  #wasLost = false
  #liveSinceMs: EpochMs | undefined

  constructor(parts: FollowingParts) {
    this.#parts = parts
    this.#replication = new Replication(parts.origin)
    this.#client = new FeedClient({
      url: parts.followed.url,
      token: parts.token,
      take: line => this.#take(line),
      lost: (why, isFirst) => this.#lost(why, isFirst),
    })
  }

  start(): void {
    this.#client.start()
  }

  close(): void {
    this.#client.close()
    this.#replication.close()
  }

  /** For people. */
  state(): { readonly url: string; readonly region: string; readonly liveSinceMs?: EpochMs | undefined } {
    return { ...this.#parts.followed, liveSinceMs: this.#liveSinceMs }
  }

  #take(line: FeedLine): void {
    const { origin, keeper } = this.#parts
    const { core, books } = origin
    books.count('feed.lines_taken')
    switch (line.say) {
      case 'hello':
        this.#mustBeOurs(line)
        this.#snapshot = []
        break
      case 'live':
        this.#live()
        break
      case 'pushed':
        if (this.#takesCandidates) core.pushed(line.pipeline, now())
        origin.schedule()
        break
      case 'stored':
        if (this.#snapshot) this.#snapshot.push(line.candidate)
        else this.#learn(line.candidate)
        break
      case 'state':
        if (origin.adopt(line.state)) keeper.adopted()
        break
      case 'alive':
        break
    }
  }

  #learn(candidate: Candidate): void {
    const { origin, followed } = this.#parts
    if (!this.#takesCandidates) return
    if (followed.region === origin.config.region) origin.learn(candidate)
    else this.#replication.await(candidate, followed.region)
  }

  #live(): void {
    const { origin, followed } = this.#parts
    const snapshot = this.#snapshot ?? []
    const wasLost = this.#wasLost
    this.#snapshot = undefined
    this.#wasLost = false
    this.#liveSinceMs = now()
    if (wasLost) process.stderr.write(`tidegate: ${origin.config.name} follows ${followed.url} again\n`)
    if (!this.#takesCandidates) return
    // Of this region, all of it is in the store: taken up in its order, as at a start.
    if (followed.region === origin.config.region) origin.restore(snapshot)
    if (!wasLost && followed.region === origin.config.region) return
    listStored(origin).then(
      stored => {
        origin.restore(stored)
        for (const candidate of snapshot) this.#learn(candidate)
      },
      (error: Error) => {
        process.stderr.write(`tidegate: the store could not be listed: ${error.message}\n`)
        for (const candidate of snapshot) this.#learn(candidate)
      },
    )
  }

  #lost(why: string, isFirst: boolean): void {
    const { origin, followed } = this.#parts
    this.#snapshot = undefined
    this.#wasLost = true
    this.#liveSinceMs = undefined
    origin.books.count('feed.lost')
    if (!isFirst) return
    process.stderr.write(
      `tidegate: ${origin.config.name} does not hear ${followed.url} (${followed.region}): ${why}; goes on with what it knows\n`,
    )
  }

  /** Where stores are apart, what counts is what packagers put here; and who does not deliver need not know of others. */
  get #takesCandidates(): boolean {
    const { store, role } = this.#parts.origin.config
    return isShared(store) && delivers(role)
  }

  #mustBeOurs(hello: Hello): void {
    const { origin, followed } = this.#parts
    const ours = { region: followed.region, ...templateOf(origin.config.event) }
    for (const [name, value] of Object.entries(ours)) {
      const theirs = hello[name as keyof typeof ours]
      if (theirs !== value) throw new Error(`it tells of another ${name}: ${theirs} instead of ${value}`)
    }
  }
}
