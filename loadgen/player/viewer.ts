import type { Address } from '../../live/address.ts'
import { unitFraction } from '../../live/random.ts'
import { captureStart } from '../../live/template.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import { type Activity, type Over, overWords } from './activity.ts'
import { descriptionAddress, mediaAddress, playlistAddress } from './addresses.ts'
import { type Ladder, ladderOf, type RungFacts } from './ladder.ts'
import { Load, loadFractions } from './load.ts'
import { Playback, playbackFractions } from './playback.ts'
import type { PlayerOutput, PlayerSetup, RequestOutcome } from './player-io.ts'
import type { PlaylistLoad } from './playlist-load.ts'
import { delayMs, type Position, positionByClock, positionInPlaylist } from './position.ts'
import type { Profile, Wanted } from './profile.ts'
import { profileOf, viewerReloads } from './profiles.ts'
import { Quality } from './quality.ts'
import { drawnMs, failureOf, recoveryFrom } from './recovery.ts'
import { bufferEndMs, clockOf, isComplete, isLeftBehind, rungFacts, wantedMs } from './schedule.ts'
import type { Tape } from './tape.ts'
import { Track } from './track.ts'

// A player that watches. Its states are those of its parts: the playhead (playback.ts), and for each track a load of
// media and, where it polls, one of playlists (track.ts). Above them:
//
// | state       | from                                 | until                                            |
// |-------------|--------------------------------------|--------------------------------------------------|
// | describing  | start, or the viewer reloads         | manifest or main playlist is there               |
// | positioning | described, seek, return              | the position is known (template: at once)        |
// | loading     | positioned                           | the event has ended, the player gives up or goes |
//
// At most one request for media and one for a playlist is in flight for each track. Simplifications: playback rate is
// always 1; a segment that is left out while it plays counts as played (real players jump over it, a segment's length
// nearer to live); of a download only its end is seen, so that dash.js never abandons one half-way.
export class Viewer implements Activity {
  dueMs: EpochMs = Infinity
  over: Over

  readonly #setup: PlayerSetup
  readonly #profile: Profile
  readonly #ladder: Ladder
  readonly #quality: Quality
  readonly #playback: Playback
  /** Present while describing. */
  #manifest: Load | undefined = new Load('manifest')
  readonly #tracks: readonly Track[]
  #requests = 0
  /** Since the last segment arrived. */
  #reloads = 0
  /** Where to go when the position is next set; undefined: the profile's delay behind live. */
  #seekBehindMs: Ms | undefined

  constructor(setup: PlayerSetup) {
    this.#setup = setup
    this.#profile = profileOf(setup)
    this.#playback = new Playback(this.#profile)
    this.#ladder = ladderOf(setup.event)
    this.#quality = new Quality(this.#ladder, this.#profile)
    const polls = this.#profile.timing === 'playlist'
    const video = new Track('video', this.#quality.first(), polls, setup.event)
    // Literals, because a pushed-to array keeps room for more: a hundred bytes for each of millions of players.
    if (this.#ladder.audio === undefined) this.#tracks = [video]
    else if (this.#ladder.video.length === 0) this.#tracks = [new Track('audio', 0, polls, setup.event)]
    else this.#tracks = [video, new Track('audio', 0, polls, setup.event)]
  }

  start(at: EpochMs, out: PlayerOutput[]): void {
    if (this.#manifest !== undefined) this.#manifest.dueMs = at
    this.#settle(at, out)
  }

  step(at: EpochMs, out: PlayerOutput[]): void {
    if (this.#manifest !== undefined) this.#expire(this.#manifest, undefined, at, out)
    for (const track of this.#tracks) {
      this.#expire(track.media, track, at, out)
      if (track.list !== undefined) this.#expire(track.list, track, at, out)
    }
    this.#settle(at, out)
  }

  responded(outcome: RequestOutcome, at: EpochMs, out: PlayerOutput[]): void {
    const { request } = outcome
    if (this.#manifest?.request === request) this.#described(this.#manifest, outcome, at, out)
    for (const track of this.#tracks) {
      if (track.media.request === request) this.#mediaCame(track, outcome, at, out)
      else if (track.list?.request === request) this.#playlistCame(track, track.list, outcome, at, out)
    }
    this.#settle(at, out)
  }

  seek(behindMs: Ms, at: EpochMs, out: PlayerOutput[]): void {
    this.#seekBehindMs = behindMs
    if (this.#manifest === undefined) this.#tune(at, out)
    this.#settle(at, out)
  }

  pause(at: EpochMs, out: PlayerOutput[]): void {
    this.#playback.stop(at, out)
    this.#manifest?.abort(out)
    for (const track of this.#tracks) track.abort(out)
    this.dueMs = Infinity
  }

  resume(at: EpochMs, out: PlayerOutput[]): void {
    this.#seekBehindMs = undefined
    if (this.#manifest === undefined) this.#tune(at, out)
    else {
      this.#manifest.failures = 0
      this.#manifest.dueMs = at
    }
    this.#settle(at, out)
  }

  get fractions(): number {
    const manifest = loadFractions
    const tracks = this.#tracks.reduce((sum, track) => sum + track.fractions, 0)
    return 2 + manifest + this.#quality.fractions + playbackFractions + tracks
  }

  pack(tape: Tape): void {
    const { cells, at, words, wordAt } = tape
    cells[at] = this.dueMs as number
    cells[at + 1] = (this.#seekBehindMs as number | undefined) ?? Number.NaN
    tape.at = at + 2
    words[wordAt] = overWords.indexOf(this.over)
    words[wordAt + 1] = this.#requests
    words[wordAt + 2] = this.#reloads
    words[wordAt + 3] = this.#manifest === undefined ? 0 : 1
    tape.wordAt = wordAt + 4
    this.#manifest?.pack(tape)
    this.#quality.pack(tape)
    this.#playback.pack(tape)
    for (const track of this.#tracks) track.pack(tape)
  }

  unpack(tape: Tape): void {
    const { cells, at, words, wordAt } = tape
    this.dueMs = cells[at] as number
    const seekBehindMs = cells[at + 1] as number
    this.#seekBehindMs = Number.isNaN(seekBehindMs) ? undefined : seekBehindMs
    tape.at = at + 2
    this.over = overWords[words[wordAt] as number]
    this.#requests = words[wordAt + 1] as number
    this.#reloads = words[wordAt + 2] as number
    tape.wordAt = wordAt + 4
    if (words[wordAt + 3] === 0) this.#manifest = undefined
    else {
      this.#manifest ??= new Load('manifest')
      this.#manifest.unpack(tape)
    }
    this.#quality.unpack(tape)
    this.#playback.unpack(tape)
    for (const track of this.#tracks) track.unpack(tape)
  }

  // Outcomes

  #described(manifest: Load, outcome: RequestOutcome, at: EpochMs, out: PlayerOutput[]): void {
    if (failureOf(outcome.result) === undefined) {
      this.#manifest = undefined
      this.#tune(at, out)
    } else this.#failed(manifest, undefined, outcome.result, at, out)
  }

  #playlistCame(track: Track, list: PlaylistLoad, outcome: RequestOutcome, at: EpochMs, out: PlayerOutput[]): void {
    const came = outcome.playlist
    if (failureOf(outcome.result) !== undefined || came === undefined) {
      this.#failed(list, track, failureOf(outcome.result) === undefined ? 'wrong-body' : outcome.result, at, out)
      return
    }
    list.came(came, this.#setup.event, at)
    if ((track.next as number) >= 0) this.#passHoles(track)
    else if (track === this.#tracks[0]) {
      const behindMs = this.#seekBehindMs ?? this.#ownDelayMs()
      this.#moveTo(positionInPlaylist(this.#setup.event, came, behindMs))
    }
  }

  #mediaCame(track: Track, outcome: RequestOutcome, at: EpochMs, out: PlayerOutput[]): void {
    const { media } = track
    if (failureOf(outcome.result) !== undefined) {
      this.#failed(media, track, outcome.result, at, out)
      return
    }
    media.rest()
    media.failures = 0
    if (media.wanted === 'init') {
      track.keepInit()
      return
    }
    track.next = (track.next as number) + 1
    track.skippedInARow = 0
    this.#reloads = 0
    this.#passHoles(track)
    if (track.kind === 'video') this.#quality.came(track.rung, outcome)
  }

  // Failures

  /** A load that takes too long as a whole. */
  #expire(load: Load, track: Track | undefined, at: EpochMs, out: PlayerOutput[]): void {
    if (!load.isAsking || load.dueMs > at) return
    out.push({ do: 'abort', request: load.request })
    this.#failed(load, track, 'timeout', at, out)
  }

  #failed(
    load: Load,
    track: Track | undefined,
    result: RequestOutcome['result'],
    at: EpochMs,
    out: PlayerOutput[],
  ): void {
    const recovery = recoveryFrom(this.#profile, {
      wanted: load.wanted,
      failure: failureOf(result) ?? 'wrong-body',
      result,
      failuresBefore: load.failures,
      otherRung: track?.kind === 'video' && this.#quality.hasOtherThan(track.rung, at),
      skippedInARow: track?.skippedInARow ?? 0,
    })
    load.rest()
    load.failures++
    if (recovery.do === 'retry') load.retryAt(after(at, this.#drawn(recovery.inMs)))
    else if (recovery.do === 'give-up' || track === undefined) this.#lost(result, at, out)
    else if (recovery.do === 'skip') {
      load.failures = 0
      track.skippedInARow++
      track.next = (track.next as number) + 1
      this.#passHoles(track)
    } else this.#changeRung(track, this.#quality.leave(this.#rungFacts(track, at), at), at, out)
  }

  /** The player has given up: the end, unless only the connection was lost and the viewer reloads. */
  #lost(result: RequestOutcome['result'], at: EpochMs, out: PlayerOutput[]): void {
    if (failureOf(result) !== 'transport' || this.#reloads >= viewerReloads.times) {
      this.over = 'gave-up'
      return
    }
    this.#reloads++
    this.#playback.stop(at, out)
    for (const track of this.#tracks) {
      track.abort(out)
      track.forget()
    }
    this.#manifest = new Load('manifest')
    this.#manifest.retryAt(after(at, viewerReloads.afterMs))
  }

  // Where to be

  /** Goes to the live edge, or where a seek wants to be. */
  #tune(at: EpochMs, out: PlayerOutput[]): void {
    this.#playback.stop(at, out)
    for (const track of this.#tracks) {
      track.abort(out)
      track.next = -1
      track.media.failures = 0
      if (track.list === undefined) continue
      track.list.failures = 0
      track.list.dueMs = at
    }
    if (this.#profile.timing === 'playlist') return // when the playlist has come
    this.#moveTo(positionByClock(this.#setup.event, clockOf(this.#setup, at), this.#ownDelayMs(), this.#seekBehindMs))
  }

  #moveTo(position: Position | undefined): void {
    if (position === undefined) return
    this.#seekBehindMs = undefined
    this.#playback.moveTo(position.playheadMs)
    for (const track of this.#tracks) {
      track.next = position.next
      this.#passHoles(track)
    }
  }

  /** What is left out is no media to start with: only a playhead that moves passes over it in time. */
  #passHoles(track: Track): void {
    const isHole = track.passGaps() || track.skippedInARow > 0
    if (isHole) this.#playback.passTo(captureStart(this.#setup.event, track.next))
  }

  // What comes next

  /** Brings every part up to `at`: playback first, then what is to be asked, then when to look again. */
  #settle(at: EpochMs, out: PlayerOutput[]): void {
    const { event } = this.#setup
    if (isLeftBehind(this.#setup, this.#tracks, at)) this.#tune(at, out) // as real players do: back to the live edge
    const endMs = bufferEndMs(event, this.#tracks)
    if (this.#playback.advance(endMs, isComplete(this.#tracks), at, out)) this.over = 'ended'
    if (this.over !== undefined) return
    const manifest = this.#manifest
    if (manifest !== undefined && !manifest.isAsking && manifest.dueMs <= at) {
      this.#ask(manifest, 'manifest', descriptionAddress(event, this.#profile), at, out)
    }
    let dueMs = Math.min(manifest?.dueMs ?? Infinity, this.#playback.reachesMs(endMs))
    for (const track of this.#tracks) {
      const { media, list } = track
      if (media.isIdle) media.dueMs = wantedMs(this.#setup, this.#profile, track, this.#playback, at)
      if (!media.isAsking && media.dueMs <= at) this.#askMedia(track, at, out)
      if (list !== undefined && !list.isAsking && list.dueMs <= at) this.#askPlaylist(track, list, at, out)
      dueMs = Math.min(dueMs, media.dueMs, list?.dueMs ?? Infinity)
    }
    this.dueMs = dueMs
  }

  #askMedia(track: Track, at: EpochMs, out: PlayerOutput[]): void {
    if (track.kind === 'video' && track.media.failures === 0) {
      this.#changeRung(track, this.#quality.choose(this.#rungFacts(track, at), at), at, out)
      if (track.list !== undefined && track.list.newest === undefined) {
        track.media.rest() // the new rung's playlist comes first
        return
      }
    }
    const wanted = track.hasInit() ? 'segment' : 'init'
    this.#ask(track.media, wanted, mediaAddress(this.#setup.event, this.#ladder, track), at, out)
  }

  #askPlaylist(track: Track, list: PlaylistLoad, at: EpochMs, out: PlayerOutput[]): void {
    list.askedMs = at
    this.#ask(list, 'playlist', playlistAddress(this.#setup.event, this.#ladder, track), at, out)
  }

  #ask(load: Load, wanted: Wanted, address: Address, at: EpochMs, out: PlayerOutput[]): void {
    const { firstByteMs, wholeMs } = this.#profile.timeouts[wanted]
    load.ask(wanted, ++this.#requests, after(at, wholeMs))
    const firstByteByMs = after(at, firstByteMs)
    out.push({ do: 'request', request: load.request, address, plannedMs: at, attempt: load.failures, firstByteByMs })
  }

  #changeRung(track: Track, rung: number, at: EpochMs, out: PlayerOutput[]): void {
    if (rung === track.rung) return
    out.push({ do: 'note', note: rung > track.rung ? 'switch-up' : 'switch-down' })
    track.abort(out)
    track.rung = rung
    if (!this.#profile.retriesSpanRungs) track.media.failures = 0
    track.list?.startAnew(at)
  }

  // Small arithmetic

  /** A wait before a retry, by this player's own chance where its profile draws it. */
  #drawn(inMs: Ms): Ms {
    if (this.#profile.retryJitter === 0) return inMs
    const { seed, index } = this.#setup
    return drawnMs(this.#profile, inMs, unitFraction(seed, `retry/${index}/${this.#requests}`))
  }

  #ownDelayMs(): Ms {
    return delayMs(this.#setup.event, this.#profile, this.#playback.stalls)
  }

  #rungFacts(track: Track, at: EpochMs): RungFacts {
    return rungFacts(this.#setup, track, this.#playback, at)
  }
}
