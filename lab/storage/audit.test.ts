import { expect, test } from 'vitest'
import { expectedPublication } from '../../live/template.ts'
import { stormEvent } from '../../results/figures.fixture.ts'
import { partSchema } from '../../results/record/part.ts'
import { auditAcknowledged, auditPart } from './audit.ts'

const eu = 'http://127.0.0.1:1'
const us = 'http://127.0.0.1:2'
const now = expectedPublication(stormEvent, 20)

const acknowledged = (target: string, pipeline: string, number?: number) => ({
  target,
  pipeline,
  rendition: 'v1',
  ...(number === undefined ? {} : { number }),
  etag: `"${pipeline}${number}"`,
})

/** A pipeline that was told `all`, and an origin that has lost what `isLost` names; it notes the size of each request. */
const pipeline = (...all: object[]) => ({
  get: async () => ({ acknowledged: all, dropped: 0 }),
  post: async () => ({}),
})

type Candidate = { pipeline: string; rendition: string; number?: number; target?: string }

function origin(isLost: (one: Candidate) => boolean = () => false) {
  const asked: Candidate[][] = []
  return {
    asked,
    get: async () => ({}),
    post: async (path: string, body?: object) => {
      expect(path).toBe('/audit')
      const given = (body as { acknowledged: Candidate[] }).acknowledged
      asked.push(given)
      const lost = given.filter(isLost).map(one => ({ ...one, why: 'absent' }))
      return { audited: given.length, readable: given.length - lost.length, lost }
    },
  }
}

const auditOf = (
  pipelines: ReturnType<typeof pipeline>[],
  origins: Record<string, ReturnType<typeof origin>>,
  at = now,
) => auditAcknowledged({ event: stormEvent, pipelines, originOf: target => origins[target], now: at })

test('a number is lost when no candidate of it can be read; one pipeline is enough', async () => {
  const pipelines = [
    pipeline(acknowledged(eu, 'a', 10), acknowledged(eu, 'a', 11), acknowledged(eu, 'a')),
    pipeline(acknowledged(eu, 'b', 10), acknowledged(eu, 'b', 11)),
  ]
  const losesA = origin(one => one.pipeline === 'a')
  expect(await auditOf(pipelines, { [eu]: losesA })).toEqual({
    acknowledged: 3,
    lost: 1,
    named: [`v1/init at ${eu}: pipeline a: absent`],
  })
  const losesEleven = origin(one => one.number === 11)
  const outcome = await auditOf(pipelines, { [eu]: losesEleven })
  expect(outcome.named).toEqual([`v1/11 at ${eu}: pipeline a: absent; pipeline b: absent`])
  // The origin takes no other fields than those of a candidate.
  expect(losesEleven.asked.flat().every(one => one.target === undefined)).toBe(true)
})

test('what was acknowledged in two regions is read back in each', async () => {
  const pipelines = [pipeline(acknowledged(eu, 'a', 10), acknowledged(us, 'a', 10))]
  const outcome = await auditOf(pipelines, { [eu]: origin(), [us]: origin(() => true) })
  expect(outcome).toMatchObject({ acknowledged: 2, lost: 1 })
})

test('an origin that is not there has lost what it acknowledged', async () => {
  const outcome = await auditOf([pipeline(acknowledged(eu, 'a', 10))], {})
  expect(outcome).toMatchObject({ acknowledged: 1, lost: 1 })
})

test('what has left the window, or is about to, is no loss', async () => {
  const pipelines = [pipeline(acknowledged(eu, 'a', 10))]
  const leavesMs = (expectedPublication(stormEvent, 10) as number) + (stormEvent.dvrWindowMs as number)
  const lost = { [eu]: origin(() => true) }
  expect(await auditOf(pipelines, lost, leavesMs - 5_000)).toMatchObject({ acknowledged: 0, lost: 0 })
  expect(await auditOf(pipelines, lost, leavesMs - 15_000)).toMatchObject({ acknowledged: 1, lost: 1 })
})

test('many are read back in requests that a control listener answers in time', async () => {
  const many = Array.from({ length: 250 }, (_, i) => ({ ...acknowledged(eu, 'a', 10), rendition: `v${i}` }))
  const asked = origin()
  expect(await auditOf([pipeline(...many)], { [eu]: asked })).toMatchObject({ acknowledged: 250, lost: 0 })
  expect(asked.asked.map(({ length }) => length)).toEqual([100, 100, 50])
})

test('the outcome is a part of the record', () => {
  const part = auditPart({ acknowledged: 7, lost: 1, named: ['x'] })
  expect(partSchema.parse(part).counts).toEqual({ acknowledged: 7, acknowledged_lost: 1 })
})
