import type { ServerResponse } from 'node:http'
import { limits } from '../../live/limits.ts'
import { between, type EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { OriginCore } from '../core/origin-core.ts'
import { type Announcement, type FeedLine, feedSchemaName, templateOf } from './feed-lines.ts'
import type { OriginBooks } from './origin-books.ts'

// The publishing end of the feed: tells everything that this process has made visible to whoever follows it. A follower
// that does not take its lines is dropped: it comes back, and its snapshot has what it missed.

/** Pushes of one pipeline are told this far apart: that it is alive is news for a segment's length. */
const pushesApartMs = 100

interface Follower {
  readonly response: ServerResponse
  /** What may wait for it: its snapshot, and as much again as the limit says. */
  readonly boundBytes: number
  /** Since when the socket has not taken everything. */
  waitingSinceMs: EpochMs | undefined
}

export interface FeedParts {
  readonly name: string
  readonly region: string
  readonly core: OriginCore
  readonly books: OriginBooks
}

export class Feed {
  readonly #parts: FeedParts
  readonly #followers = new Set<Follower>()
  readonly #toldPushMs = new Map<string, EpochMs>()
  readonly #heartbeat: NodeJS.Timeout

  constructor(parts: FeedParts) {
    this.#parts = parts
    this.#heartbeat = setInterval(() => this.#tell({ say: 'alive' }), limits.feedHeartbeatMs)
  }

  /** How many follow now. */
  get followers(): number {
    return this.#followers.size
  }

  /** Takes a follower, who has shown the token: the answer ends when one of the two does. */
  take(response: ServerResponse): void {
    if (this.#followers.size >= limits.feedFollowers) {
      const error = `${limits.feedFollowers} processes follow already`
      response.writeHead(503, { 'content-type': 'application/json', connection: 'close' })
      response.end(JSON.stringify({ error }))
      return
    }
    const snapshot = this.#snapshot()
    const follower: Follower = {
      response,
      boundBytes: Buffer.byteLength(snapshot) + limits.feedWaitingBytes,
      waitingSinceMs: undefined,
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
    response.once('close', () => this.#followers.delete(follower))
    response.on('drain', () => {
      follower.waitingSinceMs = undefined
    })
    this.#followers.add(follower)
    this.#parts.books.count('feed.followers')
    this.#write(follower, snapshot)
  }

  announce(line: Announcement): void {
    this.#tell(line)
  }

  announcePush(pipeline: string): void {
    const atMs = now()
    if (between(this.#toldPushMs.get(pipeline) ?? -Infinity, atMs) < pushesApartMs) return
    this.#toldPushMs.set(pipeline, atMs)
    this.#tell({ say: 'pushed', pipeline })
  }

  /** Ends every answer. */
  close(): void {
    clearInterval(this.#heartbeat)
    for (const { response } of this.#followers) response.destroy()
  }

  #tell(line: FeedLine): void {
    if (this.#followers.size === 0) return
    const text = format(line)
    this.#parts.books.count('feed.lines_sent', this.#followers.size)
    for (const follower of this.#followers) this.#write(follower, text)
  }

  #write(follower: Follower, text: string): void {
    const { response, boundBytes } = follower
    if (!response.write(text)) follower.waitingSinceMs ??= now()
    const { waitingSinceMs } = follower
    const isStuck = waitingSinceMs !== undefined && between(waitingSinceMs, now()) > limits.slowReaderMs
    if (!isStuck && response.writableLength <= boundBytes) return
    this.#parts.books.count('feed.dropped')
    this.#followers.delete(follower)
    response.destroy()
  }

  /** Everything that one who knows nothing must know, candidates in the order in which they were stored. */
  #snapshot(): string {
    const { name, region, core } = this.#parts
    const stored = core.candidates().toSorted((a, b) => (a.storedMs as number) - (b.storedMs as number))
    const lines: FeedLine[] = [
      { say: 'hello', feed: feedSchemaName, name, region, ...templateOf(core.eventConfig()) },
      { say: 'state', state: core.operatorState() },
      ...[...core.lastPuts()]
        .filter(([, atMs]) => between(atMs, now()) < limits.pushesArriveMs)
        .map(([pipeline]): FeedLine => ({ say: 'pushed', pipeline })),
      ...stored.map(
        (candidate): FeedLine => ({
          say: 'stored',
          candidate: { ...candidate, bodyBytes: candidate.bodyBytes as number, defects: [...candidate.defects] },
        }),
      ),
      { say: 'live' },
    ]
    return lines.map(format).join('')
  }
}

const format = (line: FeedLine): string => `${JSON.stringify(line)}\n`
