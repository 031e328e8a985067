import { limits } from '../../live/limits.ts'
import type { SegmentNumber } from '../../live/units.ts'
import type { Mask } from './verdict.ts'

// Masks hide a range of one pipeline's segments from the choice (facts/live-origin.md, "Invalidation and masks").

/** Whether `pipeline`'s candidate of this segment is hidden. */
export const isMasked = (masks: readonly Mask[], pipeline: string, rendition: string, number: SegmentNumber): boolean =>
  masks.some(
    mask =>
      mask.pipeline === pipeline &&
      mask.from <= number &&
      number <= mask.to &&
      (mask.rendition === undefined || mask.rendition === rendition),
  )

/** `masks` with one more, joined with the like ones that it touches; undefined when the limit is met. */
export function withMask(masks: readonly Mask[], added: Mask): readonly Mask[] | undefined {
  let joined = added
  const apart: Mask[] = []
  for (const mask of [...masks].sort((a, b) => (a.from as number) - (b.from as number))) {
    const alike = mask.pipeline === added.pipeline && mask.rendition === added.rendition
    const touches =
      (mask.from as number) <= (joined.to as number) + 1 && (joined.from as number) <= (mask.to as number) + 1
    if (alike && touches) {
      joined = { ...joined, from: Math.min(joined.from, mask.from), to: Math.max(joined.to, mask.to) }
    } else apart.push(mask)
  }
  return apart.length < limits.masks ? [...apart, joined] : undefined
}

/**
 * `masks` without the range of `lifted`: masks that reach beyond it keep the rest. Without a rendition it lifts masks
 * of every rendition, with one only masks that name the same. Undefined when splitting would pass the limit.
 */
export function withoutMask(masks: readonly Mask[], lifted: Mask): readonly Mask[] | undefined {
  const left = masks.flatMap(mask => {
    const meant =
      mask.pipeline === lifted.pipeline && (lifted.rendition === undefined || lifted.rendition === mask.rendition)
    if (!meant || mask.to < lifted.from || lifted.to < mask.from) return [mask]
    return [
      ...(mask.from < lifted.from ? [{ ...mask, to: (lifted.from as number) - 1 }] : []),
      ...(lifted.to < mask.to ? [{ ...mask, from: (lifted.to as number) + 1 }] : []),
    ]
  })
  return left.length <= limits.masks ? left : undefined
}
