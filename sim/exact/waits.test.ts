import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Recorder } from '../../process/recorder.ts'
import { decodeHistogram } from '../../results/record/merge.ts'
import { Waits } from './waits.ts'

const recorderOf = () => new Recorder({ role: 'fleet', name: 'fleet' })

test('the buckets are those of the recorder: every percentile is the same', () => {
  const ms = fc.oneof(fc.double({ min: -1, max: 400_000, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true }))
  fc.assert(
    fc.property(fc.array(ms, { minLength: 1, maxLength: 300 }), durations => {
      const waits = new Waits('ttfb_ms')
      const [direct, handed] = [recorderOf(), recorderOf()]
      for (const duration of durations) {
        waits.add(duration)
        direct.time('ttfb_ms', duration)
      }
      waits.handTo(handed)
      const [a, b] = [direct, handed].map(one => decodeHistogram(one.part().histograms.ttfb_ms as string))
      expect(b?.totalCount).toBe(a?.totalCount)
      for (const percent of [0, 10, 50, 90, 99, 100]) {
        expect(b?.getValueAtPercentile(percent)).toBe(a?.getValueAtPercentile(percent))
      }
    }),
    { numRuns: 150 },
  )
})
