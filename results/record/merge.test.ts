import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Recorder } from '../../process/recorder.ts'
import { decodeHistogram, MergeError, mergeParts } from './merge.ts'
import { type Part, partSchema } from './part.ts'

// One thing that a process may count; a list of them, dealt out to shards, must merge into what one process counts.
const eventArbitrary = fc.oneof(
  fc.record({ is: fc.constant('count' as const), name: fc.constantFrom('requests', 'bytes_sent'), by: fc.nat(1_000) }),
  fc.record({ is: fc.constant('peak' as const), value: fc.nat(500) }),
  fc.record({
    is: fc.constant('time' as const),
    name: fc.constantFrom('ttfb_ms', 'lag_ms'),
    ms: fc.double({ min: 0, max: 400_000, noNaN: true }),
  }),
  fc.record({ is: fc.constant('tick' as const), atMs: fc.integer({ min: 1_000, max: 9_000 }), by: fc.nat(9) }),
  fc.record({
    is: fc.constant('segment' as const),
    rendition: fc.constantFrom('v1', 'a1'),
    number: fc.integer({ min: 9, max: 11 }),
    site: fc.constantFrom('', 'a', 'b'),
    fills: fc.option(fc.nat(3), { nil: undefined }),
    publishedMs: fc.option(fc.nat(9_999), { nil: undefined }),
    last404Ms: fc.option(fc.nat(9_999), { nil: undefined }),
  }),
)
type Event = typeof eventArbitrary extends fc.Arbitrary<infer E> ? E : never

function countInto(recorder: Recorder, event: Event): void {
  if (event.is === 'count') recorder.count(event.name, event.by)
  if (event.is === 'peak') recorder.peak('held_max', event.value)
  if (event.is === 'time') recorder.time(event.name, event.ms)
  if (event.is === 'tick') recorder.tick('requests', event.atMs, event.by)
  if (event.is === 'segment') {
    const counts = recorder.segment(event.rendition, event.number, event.site)
    if (event.fills !== undefined) counts.fills = (counts.fills ?? 0) + event.fills
    if (event.publishedMs !== undefined)
      counts.publishedMs = Math.min(counts.publishedMs ?? Infinity, event.publishedMs)
    if (event.last404Ms !== undefined) counts.last404Ms = Math.max(counts.last404Ms ?? -Infinity, event.last404Ms)
  }
}

function partOf(events: readonly Event[], name = 'fleet', shard?: Part['shard']): Part {
  const recorder = new Recorder({ role: 'fleet', name, ...(shard ? { shard } : {}) })
  for (const event of events) countInto(recorder, event)
  return recorder.part()
}

const partArbitrary = fc
  .tuple(fc.array(eventArbitrary, { maxLength: 30 }), fc.constantFrom('f1', 'f2'))
  .map(([events, name]) => partOf(events, name))

test('the merge of shards is what one process would have counted', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(eventArbitrary, fc.nat(3)), { maxLength: 60 }), dealt => {
      const shards = [0, 1, 2, 3].map(shard =>
        partOf(
          dealt.filter(([, to]) => to === shard).map(([event]) => event),
          'fleet',
          { index: shard + 1, of: 4 },
        ),
      )
      expect(mergeParts(shards)).toEqual(mergeParts([partOf(dealt.map(([event]) => event))]))
    }),
    { numRuns: 60 },
  )
})

test('merging is associative and commutative to the byte, and gives a valid part', () => {
  fc.assert(
    fc.property(partArbitrary, partArbitrary, partArbitrary, (a, b, c) => {
      const flat = JSON.stringify(mergeParts([a, b, c]))
      expect(JSON.stringify(mergeParts([mergeParts([a, b]), c]))).toBe(flat)
      expect(JSON.stringify(mergeParts([a, mergeParts([b, c])]))).toBe(flat)
      expect(JSON.stringify(mergeParts([c, a, b]))).toBe(flat)
      expect(partSchema.parse(JSON.parse(flat))).toEqual(mergeParts([a, b, c]))
    }),
    { numRuns: 60 },
  )
})

test('histograms keep every value: counts add, and the extremes stay', () => {
  const left = partOf([{ is: 'time', name: 'ttfb_ms', ms: 1 }])
  const right = partOf([
    { is: 'time', name: 'ttfb_ms', ms: 250 },
    { is: 'time', name: 'ttfb_ms', ms: 2 },
  ])
  const merged = decodeHistogram(mergeParts([left, right]).histograms.ttfb_ms as string)
  expect(merged.totalCount).toBe(3)
  expect(merged.minNonZeroValue).toBe(1_000)
  expect(merged.maxValue / 1_000).toBeCloseTo(250, -1)
})

test('parts of different roles, and no parts, are refused', () => {
  const edge: Part = { ...partOf([]), role: 'edge' }
  expect(() => mergeParts([partOf([]), edge])).toThrow(
    new MergeError('parts of different roles do not merge: edge, fleet'),
  )
  expect(() => mergeParts([])).toThrow(MergeError)
})

test('a site that all agree on is kept, another is left out', () => {
  const at = (site: string): Part => ({ ...partOf([], site), role: 'edge', site })
  expect(mergeParts([at('a'), at('a')]).site).toBe('a')
  expect(mergeParts([at('a'), at('b')])).not.toHaveProperty('site')
  expect(mergeParts([at('a'), at('b')]).name).toBe('a+b')
})
