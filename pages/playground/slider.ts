import type { Control } from './sections.ts'

// A slider's place and what it means: linear by steps, or by powers, so that one and a hundred thousand are both at hand.

type Range = Extract<Control, { is: 'range' }>

const places = 1_000

/** The attributes of the input element. */
export function formatRange(range: Range): Readonly<Record<'min' | 'max' | 'step' | 'value', number>> {
  const { from, to, at, step } = range
  if (step !== undefined) return { min: from, max: to, step, value: at }
  return { min: 0, max: places, step: 1, value: placeOf(range, at) }
}

/** What the slider means at `place`; by powers, two digits that count. */
export function valueAt({ from, to, step }: Range, place: number): number {
  if (step !== undefined) return place
  const exact = from * (to / from) ** (place / places)
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 1)
  return Math.min(to, Math.max(from, Math.round(exact / unit) * unit))
}

/** The slider's place for `value`. */
export function placeOf({ from, to, step }: Range, value: number): number {
  const inside = Math.min(to, Math.max(from, value))
  if (step !== undefined) return inside
  return Math.round((places * Math.log(inside / from)) / Math.log(to / from))
}
