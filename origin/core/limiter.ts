import { z } from 'zod'
import { after, type EpochMs, type Ms } from '../../live/units.ts'

// The limiter (fact file live-origin.md, "Overload"): when too large a share of the storage reads is slower than their
// target, DVR is shed so that the live edge goes on. Begun by a read, never by time; ended by reads that are fast
// again, or by time where no read comes any more: so between two reads only one instant can change it.
//
// | state    | from                                                                | until                                |
// |----------|---------------------------------------------------------------------|--------------------------------------|
// | open     | the beginning                                                       | a read ends: enough reads, too many slow |
// | limiting | that read; each further one, as long as the share stays above `endShare`, moves its end | `endShare` is met, or a window without a read |

export const limiterSchema = z.strictObject({
  /** A read that takes longer is slow. Our choice: the target is not published; reads of one region must stay under 1 s. */
  targetMs: z.number().positive().max(60_000).default(100),
  /** The share of slow reads above which DVR is shed: 40 % latency utilisation. */
  share: z.number().min(0).max(1).default(0.4),
  /** The share at which that ends: well below, so that it does not flutter. */
  endShare: z.number().min(0).max(1).default(0.2),
  /** The window over which reads are counted, and how long limiting outlasts the last read. */
  windowMs: z.number().min(100).max(60_000).default(2_000),
  /** Fewer reads than this in the window say nothing. */
  minReads: z.number().int().min(1).max(1_000_000).default(20),
})
