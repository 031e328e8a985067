// Where a story stands, as the page shows it.

export interface StoryState {
  readonly step: number
  readonly of: number
  readonly title: string
  /** What is there to see, in a sentence. */
  readonly says: string
  /** What to look at. */
  readonly watch: string
  /** The number that this step is about: what it was when the step began, and what it is on either side now. */
  readonly number: {
    readonly label: string
    readonly before: { readonly left: string; readonly right: string }
    readonly now: { readonly left: string; readonly right: string }
  }
  /** Whether it goes on by itself, and when. */
  readonly runs: boolean
  readonly leftMs: number
}
