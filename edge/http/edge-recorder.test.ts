import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import type { Question } from '../core/verdict.ts'
import { EdgeRecorder } from './edge-recorder.ts'
import { Exchange } from './exchange.ts'

const player: Question = { method: 'GET', path: '/live/e/v1/7.m4s' }
const sibling: Question = { ...player, sibling: { edge: 'a2', asked: { version: 1, sequence: 0 }, boundMs: 1_000 } }
const exchange = (question: Question, arrivedMs: number) =>
  new Exchange('p1-1', {} as IncomingMessage, {} as ServerResponse, question, arrivedMs)

describe('EdgeRecorder', () => {
  it('counts a wait as over its bound when it ended more than 100 ms later', () => {
    const recorder = new EdgeRecorder('a1', 'a')
    for (const [question, waitedMs] of [
      [player, limits.edgeWaitMs + 100],
      [player, limits.edgeWaitMs + 101],
      [sibling, 1_100],
      [sibling, 1_101],
    ] as const) {
      recorder.waits(10_000)
      recorder.waited(exchange(question, 10_000), 10_000 + waitedMs)
    }
    expect(recorder.part(0).counts).toMatchObject({ waits_over_bound: 2, waiters_max: 1 })
    expect(recorder.waiting).toBe(0)
  })

  it('keeps the most that waited in each second', () => {
    const recorder = new EdgeRecorder('a1', 'a')
    for (let i = 0; i < 3; i++) recorder.waits(10_000)
    for (let i = 0; i < 2; i++) recorder.waited(exchange(player, 10_000), 10_500)
    recorder.waits(10_600)
    recorder.waits(11_000)
    expect(recorder.part(0).timeline.waiting).toEqual({ 10: 3, 11: 3 })
  })

  it('counts players, siblings and the rest apart', () => {
    const recorder = new EdgeRecorder('a1', 'a')
    const hit = { do: 'serve', key: 'k', copy: 1, reason: 'hit', validUntilMs: 0, maxArrivals: 1 } as const
    for (const question of [player, sibling, { ...player, path: '/page' }])
      recorder.asked(exchange(question, 10_000), hit)
    recorder.refused('refused-malformed', 10_000)
    const { counts, timeline } = recorder.part(0)
    expect(counts).toMatchObject({
      requests: 3,
      'requests.segment': 1,
      'requests.reason.hit': 1,
      'sibling_requests.reason.hit': 1,
      'other_requests.reason.hit': 1,
      'other_requests.reason.refused-malformed': 1,
    })
    expect(timeline).toMatchObject({ requests: { 10: 3 }, hits: { 10: 2 } })
  })

  it('begins anew, evictions included', () => {
    const recorder = new EdgeRecorder('a1', 'a')
    recorder.refused('refused-loop', 0)
    expect(recorder.part(7).counts.evictions).toBe(7)
    recorder.reset(7)
    expect(recorder.part(9).counts).toMatchObject({ requests: 0, evictions: 2 })
  })
})
