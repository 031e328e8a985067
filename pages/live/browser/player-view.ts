import type { Side } from '../../../lab/duel-scenario.ts'
import { parseNotifications } from '../../../live/notifications.ts'
import { formatMs } from '../../../results/render/format.ts'
import type { Opening } from '../update.ts'
import { element, find } from './dom.ts'
import type { PlayerKind, RunningPlayer, SegmentSeen } from './player-kinds.ts'

// A real player on the page, which asks the edge itself, as every viewer does: what the edge answers, it gets.

const shownNotifications = 12

export class PlayerView {
  readonly #video = find<HTMLVideoElement>('#video')
  readonly #side = find<HTMLSelectElement>('#player-side')
  readonly #kind = find<HTMLSelectElement>('#player-kind')
  #opening: Opening | undefined
  #player: RunningPlayer | undefined
  #stalls = 0
  #stalledMs = 0
  #stalledSince: number | undefined
  #hasPlayed = false
  #notified = 0

  constructor() {
    for (const select of [this.#side, this.#kind]) {
      select.addEventListener('change', () => {
        if (this.#player) void this.play()
      })
    }
    this.#video.addEventListener('waiting', () => {
      if (!this.#hasPlayed || !this.#player) return
      this.#stalls++
      this.#stalledSince ??= performance.now()
      this.#say('stalled: nothing left to play')
    })
    this.#video.addEventListener('playing', () => {
      if (this.#stalledSince !== undefined) this.#stalledMs += performance.now() - this.#stalledSince
      this.#stalledSince = undefined
      this.#hasPlayed = true
      this.#say('playing')
    })
    setInterval(() => this.#show(), 250)
  }

  /** A scenario has begun: its edges are others. */
  open(opening: Opening): void {
    this.#opening = opening
    if (!opening.playable) this.#say('this scenario has no real media to play: its bodies are synthetic')
    find<HTMLButtonElement>('[data-act="play"]').disabled = !opening.playable
    if (this.#player) void this.play()
  }

  toggle(): void {
    if (this.#player) this.stop('not playing')
    else void this.play()
  }

  async play(): Promise<void> {
    const opening = this.#opening
    if (!opening?.playable) return
    this.stop('starting …')
    const side = this.#side.value as Side
    const kind = this.#kind.value as PlayerKind
    const edge = opening.edges[side][0]?.url
    if (edge === undefined) return
    try {
      await loaded(kind)
    } catch (error) {
      return this.#say((error as Error).message)
    }
    const start = window.tidegatePlayers?.[kind]
    this.#player = start?.({
      video: this.#video,
      edge,
      event: opening.event,
      seen: segment => this.#seen(segment),
      failed: what => this.#say(what),
    })
    find('[data-player="action"]').textContent = 'stop'
  }

  stop(why: string): void {
    this.#player?.stop()
    this.#player = undefined
    this.#stalls = 0
    this.#stalledMs = 0
    this.#stalledSince = undefined
    this.#hasPlayed = false
    this.#notified = 0
    find('[data-player="action"]').textContent = 'play'
    this.#say(why)
  }

  #seen({ url, field }: SegmentSeen): void {
    const [, rendition, file] = /\/([^/]+)\/([^/]+)\.m4s/.exec(url) ?? []
    if (rendition && file) this.#write('segment', `${rendition}, number ${file}`)
    const said = field('cache-status')?.split(/,\s*/).at(-1)
    if (said) this.#write('cache', said.replace(/^[^;]+;\s*/, ''))
    const defects = field('live-defects')
    const pipeline = field('live-pipeline')
    if (pipeline) this.#write('pipeline', defects ? `${pipeline}, with defects: ${defects}` : pipeline)
    const state = parseNotifications(field('live-notifications'))
    for (const { sequence, type, text } of state?.notifications ?? []) {
      if (sequence <= this.#notified) continue
      this.#notify(sequence, text ? `${type}: ${text}` : type, `${rendition}/${file}`)
    }
  }

  #notify(sequence: number, text: string, on: string): void {
    const list = find('[data-player="notifications"]')
    if (this.#notified === 0) list.replaceChildren()
    this.#notified = sequence
    const time = element('time', { text: new Date().toLocaleTimeString('en-GB') })
    list.prepend(element('li', {}, time, element('span', { text: `${text} (number ${sequence}, on ${on})` })))
    while (list.childElementCount > shownNotifications) list.lastElementChild?.remove()
  }

  #show(): void {
    if (!this.#player) return
    const video = this.#video
    const behindMs = this.#player.behindMs()
    this.#write('latency', behindMs === undefined ? '–' : `${(behindMs / 1_000).toFixed(1)} s`)
    const { buffered, currentTime } = video
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : currentTime
    this.#write('buffer', `${Math.max(0, end - currentTime).toFixed(1)} s`)
    const now = this.#stalledSince === undefined ? 0 : performance.now() - this.#stalledSince
    this.#write('stalls', `${this.#stalls}, ${formatMs(this.#stalledMs + now)} ms`)
  }

  #say(what: string): void {
    this.#write('status', what)
  }

  #write(name: string, text: string): void {
    const at = find(`[data-player="${name}"]`)
    if (at.textContent !== text) at.textContent = text
  }
}

const scripts = new Map<PlayerKind, Promise<void>>()

/** Loads a player's script once. Rejects with words for people. */
function loaded(kind: PlayerKind): Promise<void> {
  const known = scripts.get(kind)
  if (known) return known
  const loading = new Promise<void>((done, fail) => {
    const script = document.createElement('script')
    script.src = `/player-${kind}.js`
    script.onload = () => done()
    script.onerror = () => {
      scripts.delete(kind)
      fail(new Error('the player could not be loaded from the server of this page'))
    }
    document.head.append(script)
  })
  scripts.set(kind, loading)
  return loading
}
