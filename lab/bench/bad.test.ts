import { describe, expect, it } from 'vitest'
import { benchBad } from './bad.ts'

describe('bench:bad', () => {
  it('besets a real edge and a real origin, whose good clients notice nothing', async () => {
    const siege = { slowHeads: 3, slowReaders: 3, idle: 10 }
    const figures = await benchBad({ ...siege, minutes: 0, warmUpLoops: 0, restMs: 0 })
    expect(figures).toMatchObject({ good_requests_failed: 0, suite_loops: 0, suite_problems: 0 })
    expect(figures.good_requests).toBeGreaterThan(10)
    expect(figures.last_slow_dropped_s).toBeGreaterThan(5)
    expect(figures.last_slow_dropped_s).toBeLessThan(10)
    expect(figures.rss_growth_mib).toBeTypeOf('number')
  })
})
