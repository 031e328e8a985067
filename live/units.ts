// The units of the house. A value of one unit cannot be handed over where another is wanted (an instant is no duration),
// while literals and sums need no casts. livesim2 once subtracted milliseconds from seconds: hence the brands.

declare const unit: unique symbol
type Unit<Name extends string> = number & { readonly [unit]?: Name }

/** A duration in milliseconds; fractions allowed. */
export type Ms = Unit<'ms'>
/** An instant: milliseconds since 1970-01-01T00:00:00Z; fractions allowed. */
export type EpochMs = Unit<'epoch-ms'>
/** A number of bytes. */
export type Bytes = Unit<'bytes'>
/** The number of a segment in its event's template (`$Number$` of DASH). */
export type SegmentNumber = Unit<'segment-number'>

/** The instant `durationMs` after `instant`. */
export const after = (instant: EpochMs, durationMs: Ms): EpochMs => (instant as number) + (durationMs as number)

/** The duration from `earlier` to `later`; negative when they stand the other way round. */
export const between = (earlier: EpochMs, later: EpochMs): Ms => (later as number) - (earlier as number)

/** `value` kept within `low` and `high`. */
export const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))
