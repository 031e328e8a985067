// What a run says of its progress, for whoever shows it.

export interface Progress {
  /** The policy of the variant. */
  readonly variant: string
  /** Position of the variant among all, from 0. */
  readonly index: number
  readonly of: number
  /** What is happening, for people. */
  readonly doing: string
  /** How far the variant is, 0 to 1. */
  readonly done: number
}

export type OnProgress = (progress: Progress) => void
