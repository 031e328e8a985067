import { z } from 'zod'
import type { RandomStream } from './random.ts'
import { clamp, type Ms } from './units.ts'

// Seeded distributions of a duration: clock errors, publish jitter and delays are stated with them, so that a run says
// what it assumed.

const ms = z.number().nonnegative()

/** A distribution of a duration, ms; negative results are allowed where it is centred near 0. */
export const distributionSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('constant'), ms: z.number() }),
  z.strictObject({ is: z.literal('uniform'), lowMs: z.number(), highMs: z.number() }),
  /** `boundMs` is the farthest that a sample lies from the mean. */
  z.strictObject({ is: z.literal('normal'), meanMs: z.number(), deviationMs: ms, boundMs: ms }),
  /** `sigma` is the standard deviation of the logarithm; no sample is longer than `boundMs`. */
  z.strictObject({ is: z.literal('lognormal'), medianMs: ms, sigma: z.number().positive(), boundMs: ms }),
])
export type Distribution = z.infer<typeof distributionSchema>

/**
 * The next sample of `distribution` from `stream`. Samples beyond a bound are moved onto it, not drawn again: each kind
 * takes a fixed number of draws, so that one sample never shifts the ones behind it.
 */
export function sample(distribution: Distribution, stream: RandomStream): Ms {
  switch (distribution.is) {
    case 'constant':
      return distribution.ms
    case 'uniform':
      return stream.uniform(distribution.lowMs, distribution.highMs)
    case 'normal': {
      const { meanMs, deviationMs, boundMs } = distribution
      return clamp(stream.normal(meanMs, deviationMs), meanMs - boundMs, meanMs + boundMs)
    }
    case 'lognormal':
      return Math.min(stream.lognormal(distribution.medianMs, distribution.sigma), distribution.boundMs)
  }
}
