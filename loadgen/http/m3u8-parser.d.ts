// The part of m3u8-parser (it brings no types) that the fleet uses.
declare module 'm3u8-parser' {
  interface Segment {
    readonly uri: string
    readonly duration: number
    /** Tags that `addParser` named, by `customType`. */
    readonly custom?: Readonly<Record<string, unknown>>
  }

  interface Manifest {
    readonly mediaSequence?: number
    readonly targetDuration?: number
    readonly segments: readonly Segment[]
    readonly endList?: boolean
  }

  export class Parser {
    readonly manifest: Manifest
    addParser(options: { expression: RegExp; customType: string; segment?: boolean }): void
    push(text: string): void
    end(): void
  }
}
