// What the page needs of a player library. Each library is a script of its own, loaded when somebody wants to see it.

export type PlayerKind = 'hls' | 'dash'

/** A segment that came, with the fields of its answer. */
export interface SegmentSeen {
  readonly url: string
  field(name: string): string | undefined
}

export interface PlayerOptions {
  readonly video: HTMLVideoElement
  /** The edge's players' listener. */
  readonly edge: string
  readonly event: string
  seen(segment: SegmentSeen): void
  /** Something went wrong that a viewer may notice. */
  failed(what: string): void
}

export interface RunningPlayer {
  /** How far behind the capture of the frame that is shown; undefined: not known yet. */
  behindMs(): number | undefined
  stop(): void
}

export type StartPlayer = (options: PlayerOptions) => RunningPlayer

declare global {
  interface Window {
    tidegatePlayers?: Partial<Record<PlayerKind, StartPlayer>>
  }
}

export const registerPlayer = (kind: PlayerKind, start: StartPlayer): void => {
  window.tidegatePlayers = { ...window.tidegatePlayers, [kind]: start }
}
