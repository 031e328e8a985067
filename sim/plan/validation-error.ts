import { z } from 'zod'
import measured from './validation-error.json' with { type: 'json' }

// How far a predicted figure may be from a measured one, as fractions: what validation has found for figures of its kind.

export const validationErrorSchema = z.strictObject({
  schema: z.literal('tidegate-validation-error/1'),
  source: z.string(),
  /** Requests and fills over a storm. */
  count: z.number().min(0),
  bytes: z.number().min(0),
  /** The largest second of a series. */
  peak: z.number().min(0),
  /** Requests that wait. */
  held: z.number().min(0),
})
export type ValidationError = z.infer<typeof validationErrorSchema>

export const knownErrors: ValidationError = validationErrorSchema.parse(measured)

/** The band around `value`. */
export const bandOf = (value: number, error: number): { readonly low: number; readonly high: number } => ({
  low: value * (1 - error),
  high: value * (1 + error),
})
