import { expect, test } from 'vitest'
import { SeenPuts } from './seen-puts.ts'

const put = (number: number | undefined, attempt: number, plannedMs: number) => [
  { do: 'put', rendition: 'v1', number, attempt, defects: [], plannedMs },
]
const body = (number: number) => ({ pipeline: 'a', rendition: 'v1', number, bodyBytes: 700 })

test('a PUT is followed from the instant that it was planned for to its whole body at the origin', () => {
  const puts = new SeenPuts()
  puts.packagerCalled('pipeline-a', put(7, 1, 1_000))
  puts.originCalled('offer', body(7), 1_002)
  puts.originCalled('arrived', body(7), 1_003)
  expect(puts.since(0)).toEqual([{ plannedMs: 1_000, offeredMs: 1_002, arrivedMs: 1_003, bytes: 700 }])
})

test('the backlog, initialisation segments and what another pipeline puts are none of the storm’s', () => {
  const puts = new SeenPuts()
  puts.packagerCalled('pipeline-a', put(6, 1, 400))
  puts.packagerCalled('pipeline-a', put(undefined, 1, 1_000))
  puts.packagerCalled('pipeline-b', put(8, 1, 1_000))
  for (const number of [6, 8]) puts.originCalled('offer', body(number), 1_002)
  expect(puts.since(500)).toEqual([])
})

test('what had to be put again says nothing of how long one PUT takes', () => {
  const puts = new SeenPuts()
  puts.packagerCalled('pipeline-a', put(7, 1, 1_000))
  puts.packagerCalled('pipeline-a', put(7, 2, 4_000))
  puts.originCalled('offer', body(7), 4_002)
  expect(puts.since(0)).toEqual([])
})

test('a body that never came whole has no arrival', () => {
  const puts = new SeenPuts()
  puts.packagerCalled('pipeline-a', put(7, 1, 1_000))
  puts.originCalled('offer', body(7), 1_002)
  expect(puts.since(0)).toEqual([{ plannedMs: 1_000, offeredMs: 1_002, bytes: 700 }])
})
