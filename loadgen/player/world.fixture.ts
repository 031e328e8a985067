import { anEvent } from '../../live/event.fixture.ts'
import type { LiveEvent, Rendition } from '../../live/event.ts'
import { expectedPublication, liveEdge, windowStart } from '../../live/template.ts'
import type { EpochMs } from '../../live/units.ts'
import { Player } from './player.ts'
import type { PlayerOutput, PlayerSetup, RequestOutcome } from './player-io.ts'

// A virtual-time world for tests: it wakes a player when it asks for it, and answers its requests by a script.

export type Request = Extract<PlayerOutput, { do: 'request' }>
export type Note = Extract<PlayerOutput, { do: 'note' }>

/** How a request ends: `waitMs` to the first byte, then `transferMs`. `never` is answered by the player's own time-out. */
export interface Answer {
  readonly result: RequestOutcome['result'] | 'never'
  readonly waitMs?: number
  readonly transferMs?: number
  readonly bodyBytes?: number
  readonly playlist?: RequestOutcome['playlist']
}
export type Script = (request: Request, at: EpochMs) => Answer | undefined

const rendition = (name: string, bitsPerSecond: number, kind: 'video' | 'audio' = 'video'): Rendition => ({
  name,
  kind,
  bitsPerSecond,
  codecs: '',
  timescale: 1_000,
})

/** Three rungs and an audio rendition. */
export const ladderEvent = (changes: Partial<LiveEvent> = {}): LiveEvent =>
  anEvent({
    renditions: [
      rendition('v1', 400_000),
      rendition('v2', 1_200_000),
      rendition('v3', 3_000_000),
      rendition('a1', 96_000, 'audio'),
    ],
    ...changes,
  })

/** A player of `ladderEvent` that joins one minute into the event, unless it is said otherwise. */
export function aSetup(changes: Partial<PlayerSetup> = {}): PlayerSetup {
  const event = changes.event ?? ladderEvent()
  return { index: 0, seed: 1, profile: 'dash.js', event, clockErrorMs: 0, joinMs: event.startMs + 60_250, ...changes }
}

interface InFlight {
  readonly request: Request
  readonly sentMs: EpochMs
  readonly atMs: EpochMs
  readonly answer: Answer
}

export class World {
  readonly player: Player
  readonly requests: Request[] = []
  readonly notes: { readonly atMs: EpochMs; readonly note: Note }[] = []
  readonly outputs: { readonly atMs: EpochMs; readonly output: PlayerOutput }[] = []
  readonly inFlight = new Map<number, InFlight>()
  inFlightMax = 0
  now: EpochMs
  readonly #event: LiveEvent
  readonly #script: Script

  /** `script` answers what it wants to; the rest is answered as a sound origin would. */
  constructor(setup: PlayerSetup, script: Script = () => undefined) {
    this.player = new Player(setup)
    this.now = setup.joinMs
    this.#event = setup.event
    this.#script = script
  }

  /** Runs for `durationMs`; afterwards it can be run on. */
  run(durationMs: number): this {
    const untilMs = (this.now as number) + durationMs
    for (;;) {
      const ended = [...this.inFlight.values()].reduce<InFlight | undefined>(
        (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
        undefined,
      )
      const wakeMs = this.player.nextWakeMs() ?? Infinity
      const nextMs = Math.min(wakeMs, ended?.atMs ?? Infinity)
      if (nextMs > untilMs) break
      this.now = Math.max(this.now, nextMs)
      if (ended !== undefined && ended.atMs <= wakeMs) this.#end(ended)
      else this.take(this.player.wake(this.now))
    }
    this.now = untilMs
    return this
  }

  notesNamed(name: Note['note']): { readonly atMs: EpochMs; readonly note: Note }[] {
    return this.notes.filter(({ note }) => note.note === name)
  }

  /** Paths of segment requests as `v1/31`, in order. */
  segments(prefix = ''): string[] {
    return this.requests
      .map(({ address }) => (address.kind === 'segment' ? `${address.rendition}/${address.number}` : ''))
      .filter(name => name !== '' && name.startsWith(prefix))
  }

  take(outputs: readonly PlayerOutput[]): void {
    for (const output of outputs) {
      this.outputs.push({ atMs: this.now, output })
      if (output.do === 'note') this.notes.push({ atMs: this.now, note: output })
      else if (output.do === 'abort') this.inFlight.delete(output.request)
      else this.#send(output)
    }
    this.inFlightMax = Math.max(this.inFlightMax, this.inFlight.size)
  }

  #send(request: Request): void {
    this.requests.push(request)
    const given = this.#script(request, this.now) ?? soundAnswer(this.#event, request, this.now)
    const waitMs = given.result === 'never' ? Infinity : (given.waitMs ?? 10)
    const late = this.now + waitMs > request.firstByteByMs
    const answer: Answer = late ? { result: 'timeout' } : given
    const atMs = late ? request.firstByteByMs : this.now + waitMs + (given.transferMs ?? 20)
    this.inFlight.set(request.request, { request, sentMs: this.now, atMs, answer })
  }

  #end({ request, sentMs, atMs, answer }: InFlight): void {
    this.inFlight.delete(request.request)
    this.take(
      this.player.responded(
        {
          request: request.request,
          result: answer.result as RequestOutcome['result'],
          sentMs,
          firstByteMs: atMs - (answer.transferMs ?? 20),
          lastByteMs: atMs,
          bodyBytes: answer.bodyBytes ?? 0,
          playlist: answer.playlist,
        },
        this.now,
      ),
    )
  }
}

/** A sound origin: segments are there from their expected publication on, held for `longestHoldMs` before it. */
function soundAnswer(event: LiveEvent, { address }: Request, at: EpochMs): Answer {
  if (address.kind === 'media-playlist') {
    const first = windowStart(event, at)
    const last = liveEdge(event, at)
    const ended = event.endMs !== undefined && at > event.endMs + event.publishDelayMs
    return { result: 200, bodyBytes: 1_000, playlist: { first, last, gaps: [], ended } }
  }
  if (address.kind !== 'segment') return { result: 200, bodyBytes: 1_000 }
  const waitMs = expectedPublication(event, address.number) - at
  if (waitMs > event.longestHoldMs) return { result: 404 }
  if ((address.number as number) < (windowStart(event, at) as number)) return { result: 410 }
  const bitsPerSecond = event.renditions.find(({ name }) => name === address.rendition)?.bitsPerSecond ?? 0
  return {
    result: 200,
    waitMs: Math.max(0, waitMs) + 10,
    bodyBytes: (bitsPerSecond * event.segmentMs) / 8_000,
  }
}
