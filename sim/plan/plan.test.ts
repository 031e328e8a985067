import { describe, expect, test } from 'vitest'
import { limits } from '../../live/limits.ts'
import { loadScenario } from '../../scenarios/load.ts'
import { simulateBulk } from '../bulk/bulk.ts'
import { loadInput } from '../node/load-plan.ts'
import { formatAmount, formatIn, formatSecond, parseAmount } from './amounts.ts'
import { checkInput, checkMemory } from './check-input.ts'
import { speedFor } from './columns.ts'
import { countedOf, joinShards, planRecordOf, type Shard } from './make-plan.ts'
import { drawPlan } from './picture.ts'
import { PlanError } from './plan-error.ts'
import { inputOfScenario, type PlanFlags, type PlanInput } from './plan-input.ts'
import { planRecordSchema } from './plan-record.ts'
import { saturationOf, viewersAt } from './predict.ts'
import { kneeOf, parseSweep } from './sweep.ts'
import { defaultTopology, topologySchema } from './topology-file.ts'
import { knownErrors } from './validation-error.ts'
import { switchesOff } from './what-if.ts'
import { audienceOfInput, quickEffort, worldOf } from './world-of.ts'

const ladder = { v1: 0.5, v2: 0.5 }

/** The kick-off scenario over a topology of 40 edges. */
const input = (flags: PlanFlags = {}): PlanInput =>
  loadInput('kickoff', { viewers: 20_000, edges: 40, ladder, ...flags })({})

const recordOf = (plan: PlanInput, slices?: readonly number[], shard?: Shard) =>
  planRecordOf(
    plan,
    countedOf(simulateBulk(worldOf(plan, quickEffort), slices ? { slices } : {})),
    undefined,
    knownErrors,
    shard,
  )

describe('a plan', () => {
  test('has every measure of every tier, with its band, beside what the model leaves out; the record is valid', () => {
    const record = recordOf(input())
    expect(planRecordSchema.parse(record)).toEqual(record)
    expect(new Set(record.figures.map(({ tier }) => tier))).toEqual(
      new Set(['edge', 'site fill', 'origin', 'store', 'backbone']),
    )
    for (const { peak, low, high, leftOut } of record.figures) {
      expect(low).toBeLessThanOrEqual(peak)
      expect(high).toBeGreaterThanOrEqual(peak)
      expect(leftOut.length).toBeGreaterThan(10)
    }
    expect(record.storms.map(({ what }) => what)).toContain('a push notification')
    expect(drawPlan(record)).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
  })

  test('the same inputs and seed give the same JSON to the byte', () => {
    expect(JSON.stringify(recordOf(input()))).toBe(JSON.stringify(recordOf(input())))
    expect(JSON.stringify(recordOf(input({ seed: 2 })))).not.toBe(JSON.stringify(recordOf(input())))
  })

  test('shards add up to the whole', () => {
    const plan = input()
    const all = Array.from({ length: 32 }, (_, slice) => slice)
    const shards = [1, 2, 3].map(index =>
      recordOf(
        plan,
        all.filter(slice => slice % 3 === index - 1),
        { index, of: 3 },
      ),
    )
    const joined = planRecordOf(plan, joinShards(shards), undefined, knownErrors)
    const whole = recordOf(plan)
    for (const [i, figure] of whole.figures.entries()) expect(joined.figures[i]?.peak).toBeCloseTo(figure.peak, 3)
    expect(() => joinShards(shards.slice(0, 2))).toThrow('these are not the shards of one plan')
    expect(() => joinShards([])).toThrow('these are not the shards of one plan')
  })

  test('viewers settle on the rung that the ladder gives them', () => {
    const plan = input({ ladder: { v1: 1 } })
    const low = recordOf(plan).totals['edge.bytes'] as number
    const high = recordOf(input({ ladder: { v2: 1 } })).totals['edge.bytes'] as number
    expect(high / low).toBeGreaterThan(2)
    const rungs = plan.event.renditions.filter(({ kind }) => kind === 'video')
    expect(speedFor('dash.js', rungs, 0)).toBeLessThan(1_200_000 / 0.9)
    expect(speedFor('dash.js', rungs, 1)).toBeUndefined()
  })

  test('a viewer curve is followed, drawn to the peak that is asked for', () => {
    const curve = [
      { second: 0, viewers: 0 },
      { second: 10, viewers: 500 },
      { second: 15, viewers: 250 },
    ]
    const plan = input({ curve })
    const record = planRecordOf(
      plan,
      countedOf(simulateBulk(worldOf(plan, quickEffort), { audience: audienceOfInput(plan) })),
      undefined,
      knownErrors,
    )
    const viewers = record.curve.series.viewers as number[]
    expect(Math.max(...viewers)).toBeCloseTo(20_000, -1)
    expect(viewers[14]).toBeLessThan(13_000)
  })
})

describe('what cannot be is refused with what would be right', () => {
  const refused = (flags: PlanFlags, change: Partial<PlanInput> = {}) => {
    try {
      checkInput({ ...input(flags), ...change })
    } catch (error) {
      return (error as Error).message
    }
    return 'nothing'
  }

  test.each([
    [{ viewers: 10 }, {}, '40 edges for 10 viewers'],
    [{ durationMs: 2_000 }, { durationMs: 1_500 }, 'shorter than a segment'],
    [{ ladder: { v9: 1 } }, {}, "no rung 'v9'; there are: v1, v2"],
    [{}, { faults: [{ atMs: 0, do: 'lose-region', region: 'mars', forMs: 1, wayOverMs: 1 }] as const }, "names 'mars'"],
    [{ curve: [{ second: 0, viewers: 1 }] }, {}, 'needs two points'],
    [
      {
        curve: [
          { second: 5, viewers: 1 },
          { second: 5, viewers: 2 },
        ],
      },
      {},
      'sort it by second',
    ],
  ])('%j %j', (flags, change, message) => {
    expect(refused(flags, change)).toContain(message)
  })

  test('a capacity of zero', () => {
    const given = { regions: ['eu'], classes: [{ name: 'a', region: 'eu', sites: 1, edgesPerSite: 1, viewers: 1 }] }
    expect(() => topologySchema.parse({ ...given, capacities: { originNodes: 0 } })).toThrow()
    expect(() => topologySchema.parse({ ...given, capacities: { edgeBitsPerSecond: 0 } })).toThrow()
  })

  test('more memory than it may take, told before it starts', () => {
    expect(() => checkMemory(worldOf(input(), quickEffort), 1_000_000)).toThrow(
      /needs about \d+ MiB and may take 1 MiB/,
    )
  })

  test.each([
    ['viewrs=1M..2M', "did you mean 'viewers'?"],
    ['nothing=1..2', 'there are: viewers'],
    ['viewers=2M..1M', 'up to a larger one'],
    ['viewers', 'write NAME=FROM..TO'],
  ])('the sweep %s', (text, message) => {
    expect(() => parseSweep(text, 3)).toThrow(PlanError)
    expect(() => parseSweep(text, 3)).toThrow(message)
  })
})

describe('a sweep', () => {
  test('goes by factors where its ends are far apart, else by steps', () => {
    expect(parseSweep('viewers=1M..100M', 3).values).toEqual([1e6, 10e6, 100e6])
    expect(parseSweep('policy.holdAheadMs=0..4000', 5).values).toEqual([0, 1_000, 2_000, 3_000, 4_000])
    expect(parseSweep('fleet.dvrShare=0..0.5', 2).values).toEqual([0, 0.5])
  })

  test('the knee is where a curve bends most; a line has none', () => {
    expect(kneeOf([0, 1, 2, 3, 4, 5], [0, 8, 9, 9.5, 9.8, 10])).toBe(1)
    expect(kneeOf([0, 1, 2, 3], [0, 1, 2, 3])).toBeUndefined()
    expect(kneeOf([0, 1], [0, 5])).toBeUndefined()
  })

  test('every variable makes an input of its own', () => {
    const make = loadInput('kickoff', { viewers: 20_000, edges: 40 })
    expect(parseSweep('edges=10..100', 2).variable.apply(make, 10).topology.classes.length).toBeGreaterThan(0)
    expect(parseSweep('policy.holdAheadMs=0..10', 2).variable.apply(make, 10).event.holdAheadMs).toBe(10)
    expect(parseSweep('policy.sharedFailureMs=0..10', 2).variable.apply(make, 10).policy.sharedFailureMs).toBe(10)
  })
})

test('where the capacity is met follows from two peaks', () => {
  expect(viewersAt(200, 100, 50, 1_000)).toBe(2_000)
  expect(viewersAt(50, 100, 50, 1_000)).toBe(500)
  expect(viewersAt(200, 100, 100, 1_000)).toBeNull()
  expect(saturationOf([])).toBeUndefined()
})

test('every behaviour that the policy has is put off alone', () => {
  const { policy } = input()
  const off = switchesOff(policy)
  expect(off.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'proxy_cache',
      'proxy_cache_lock',
      'designatedFill',
      'rangeValidation',
      'lockCovers',
      'wakeOnFill',
    ]),
  )
  expect(off.map(({ name }) => name)).not.toContain('staleLive')
  for (const variant of off) expect(variant.policy).not.toEqual(policy)
})

test('of a scenario: a lost region is planned with, faults of what stands behind an origin are refused by name', () => {
  const { faults } = inputOfScenario(loadScenario('region-loss'), { edges: 30 })
  expect(faults).toMatchObject([{ do: 'lose-region', region: 'eu', wayOverMs: limits.heartbeatMs }])
  expect(() => inputOfScenario(loadScenario('storage-stall'), {})).toThrow(
    /store-slow at 2000 ms is no fault that a plan/,
  )
  for (const name of ['cache-loss', 'node-loss', 'origin-crash', 'torn-upload']) {
    expect(() => inputOfScenario(loadScenario(name), {}), name).toThrow(PlanError)
  }
})

test('a default topology has exactly the edges and sites that were asked for', () => {
  for (const [edges, sites] of [
    [18_000, 6_000],
    [40, 13],
    [1, 1],
    [997, 331],
  ] as const) {
    const { classes } = defaultTopology({ edges, sites, regions: ['east', 'west'], ladder })
    expect(classes.reduce((sum, one) => sum + one.sites, 0)).toBe(sites)
    expect(classes.reduce((sum, one) => sum + one.sites * one.edgesPerSite, 0)).toBe(edges)
    expect(new Set(classes.map(({ name }) => name)).size).toBe(classes.length)
  }
})

test('amounts as people write and read them', () => {
  expect(parseAmount('65M')).toBe(65e6)
  expect(parseAmount('1.5k')).toBe(1_500)
  expect(parseAmount('many')).toBeUndefined()
  expect(formatAmount(65e6)).toBe('65.0 M')
  expect(formatAmount(999.9)).toBe('1.00 k')
  expect(formatIn(1.234e12, 'bit/s')).toBe('1.23 Tbit/s')
  expect(formatSecond(3_725)).toBe('1:02:05')
})
