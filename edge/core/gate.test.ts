import { describe, expect, test } from 'vitest'
import { answer, edge, fill, publication, segment } from './testing/rig.ts'

const now = publication(10)

describe('range validation', () => {
  test('a number that is not of the event is refused for ever', () => {
    const verdict = edge().inspect(segment(0), now)
    expect(verdict).toMatchObject({ do: 'refuse', status: 404, reason: 'refused-outside', validUntilMs: 2 ** 53 - 1 })
    expect(edge().inspect(segment(10, 'v9'), now)).toMatchObject({ reason: 'refused-outside' })
  })

  test('a number whose due window opens later than clocks can differ is refused until they could', () => {
    const dueMs = publication(20) - 1_000
    const verdict = edge().inspect(segment(20), dueMs - 2_001)
    expect(verdict).toMatchObject({ status: 404, reason: 'refused-too-early', askAgainInMs: 2_001 })
    expect(verdict.validUntilMs).toBe(dueMs - 2_000)
    expect(edge().inspect(segment(20), dueMs - 2_000)).toMatchObject({ do: 'fill' })
  })

  test('a number that left the window longer ago than clocks can differ is refused', () => {
    const leavesMs = publication(10) + 300_000
    expect(edge().inspect(segment(10), leavesMs + 1_999)).toMatchObject({ do: 'fill', validUntilMs: leavesMs + 2_000 })
    expect(edge().inspect(segment(10), leavesMs + 2_000)).toMatchObject({ status: 410, reason: 'refused-left-window' })
  })
})

describe('DVR that is shed', () => {
  const dvr = now + 70_000

  test('one 503 stands for the whole DVR class, and what is stored is still served', () => {
    const core = edge()
    fill(core, segment(12), answer(200, 600_000), dvr)
    fill(core, segment(10), answer(503, 5_000), dvr)
    const other = core.inspect(segment(11), dvr + 1_000)
    expect(other).toMatchObject({ status: 503, reason: 'refused-shed-class', askAgainInMs: 4_000 })
    expect(core.inspect(segment(12), dvr)).toMatchObject({ do: 'serve', reason: 'hit' })
    expect(core.inspect(segment(11), dvr + 5_000)).toMatchObject({ do: 'fill' })
  })

  test('the live edge goes on, until it is DVR itself', () => {
    const core = edge()
    fill(core, segment(10), answer(503, 5_000), dvr)
    const becomesDvrMs = publication(16) + 60_000
    const verdict = core.inspect(segment(16), dvr)
    expect(verdict).toMatchObject({ do: 'fill', validUntilMs: becomesDvrMs })
    expect(core.inspect(segment(16), becomesDvrMs + 0.1)).toMatchObject({ reason: 'refused-shed-class' })
  })
})
