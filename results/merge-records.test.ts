import { expect, test } from 'vitest'
import { checkFigure } from './checks.ts'
import { mergeByProcess } from './merge-by-process.ts'
import { mergeRecords, refuseRepeatedShards } from './merge-records.ts'
import { recordSchema } from './record/record.ts'
import { recordOf, threePolicies } from './record.fixture.ts'

const oneShard = () =>
  recordOf(
    threePolicies().map(variant => ({
      ...variant,
      checks: [checkFigure(variant.figures, 'players', { equals: 600 })],
    })),
  )

test('two shards make the record of the whole: counts added, figures and checks made anew', () => {
  const merged = mergeRecords([oneShard(), oneShard()])
  expect(recordSchema.parse(JSON.parse(JSON.stringify(merged)))).toEqual(merged)
  const [none] = merged.variants
  const [half] = oneShard().variants
  expect(none?.figures.players).toBe(600)
  expect(none?.figures.origin_requests).toBe(2 * (half?.figures.origin_requests as number))
  expect(none?.figures.publication_to_first_byte_ms_p50).toBe(half?.figures.publication_to_first_byte_ms_p50)
  expect(half?.checks[0]?.outcome).toBe('failed')
  expect(none?.checks[0]?.outcome).toBe('held')
})

test('one record alone stays what it was', () => {
  expect(mergeRecords([oneShard()]).variants.map(variant => variant.figures)).toEqual(
    oneShard().variants.map(variant => variant.figures),
  )
})

test.each([
  ['seed', { seed: 66 }],
  ['scenario', { scenario: { ...oneShard().scenario, sha256: '0'.repeat(64) } }],
  ['commit', { commit: '1'.repeat(40) }],
])('records whose %s differs are no shards of one run', (what, different) => {
  expect(() => mergeRecords([oneShard(), { ...oneShard(), ...different }])).toThrow(`the ${what} differs`)
})

test('a shard that is there twice would be counted twice, and is refused', () => {
  const [part] = mergeByProcess(oneShard().variants[0]?.parts ?? [])
  if (!part) throw new Error('the fixture has no parts')
  const shard = { ...part, shard: { index: 1, of: 2 } }
  expect(() => refuseRepeatedShards([shard, shard])).toThrow('shard 1 of 2 is there twice')
  expect(() => refuseRepeatedShards([shard, { ...shard, shard: { index: 2, of: 2 } }])).not.toThrow()
})

test('processes stand from the origin to the players, those of one name as one', () => {
  const parts = oneShard().variants[0]?.parts ?? []
  expect(mergeByProcess([...parts, ...parts].reverse()).map(part => part.role)).toEqual(['origin', 'edge', 'fleet'])
})
