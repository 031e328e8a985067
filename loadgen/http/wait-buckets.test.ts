import { expect, it } from 'vitest'
import { WaitBuckets, waitBoundsMs } from './wait-buckets.ts'

it('counts each wait in the first bucket whose bound it does not pass, and the longest beyond all', () => {
  const buckets = new WaitBuckets()
  for (const waitMs of [-3, 0, 1, 1.01, 100, 100.1, 10_000, 10_001]) buckets.add(waitMs)
  const counts = buckets.counts()
  const at = (boundMs: number) => counts[waitBoundsMs.indexOf(boundMs)]
  expect([at(1), at(2), at(100), at(150), at(10_000), counts.at(-1)]).toEqual([3, 1, 1, 1, 1, 1])
  expect(counts.reduce((sum, count) => sum + count)).toBe(8)
})
