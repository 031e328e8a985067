import { describe, expect, test } from 'vitest'
import { setupOf } from '../../loadgen/fleet/fleet.ts'
import { profileOf } from '../../loadgen/player/profiles.ts'
import { fleetSourceOf } from './behaviour.ts'
import type { BulkWorld } from './layout.ts'
import { type Representative, representativesOf } from './representatives.ts'
import { aWorld } from './testing.fixture.ts'

const peopleOf = (world: BulkWorld): Representative[] => representativesOf(world, world.classes, fleetSourceOf(world))
const weightOf = (people: readonly Representative[]): number => people.reduce((sum, { weight }) => sum + weight, 0)

describe('representatives', () => {
  test('stand for the whole audience, each kind of player for its share', () => {
    const world = aWorld({ fleet: { ...aWorld().fleet, dvrShare: 0.1 } })
    const people = peopleOf(world)
    expect(weightOf(people)).toBeCloseTo(world.viewers, 6)
    for (const [kind, share] of [
      ['dash.js', 0.4],
      ['hls.js', 0.4],
      ['media3-dash', 0.1],
      ['media3-hls', 0.1],
    ] as const) {
      expect(weightOf(people.filter(one => profileOf(one.setup).name === kind))).toBeCloseTo(share * world.viewers, 6)
    }
    expect(weightOf(people.filter(({ setup }) => setup.seek !== undefined))).toBeCloseTo(0.1 * world.viewers, 6)
  })

  test('are as many at the site as are asked for, and those who follow come on top', () => {
    const people = peopleOf(aWorld())
    expect(people.filter(({ follows }) => !follows)).toHaveLength(400)
    expect(new Set(people.map(({ setup }) => setup.index)).size).toBe(people.length)
  })

  test('clocks are ahead as those of the fleet are, down to one in ten thousand', () => {
    const world = aWorld({ representatives: 2_000, fleet: { ...aWorld().fleet, profiles: { 'dash.js': 1 } } })
    const people = peopleOf(world).filter(one => profileOf(one.setup).timing === 'template')
    const source = fleetSourceOf(world)
    const byClock = Array.from({ length: 200_000 }, (_, i) => setupOf(source, i).clockErrorMs as number)
    byClock.sort((a, b) => b - a)
    for (const share of [0.5, 0.1, 0.01, 0.001]) {
      const aheadMs = byClock[Math.floor(share * byClock.length)] as number
      const ahead = weightOf(people.filter(({ setup }) => (setup.clockErrorMs as number) > aheadMs))
      expect(Math.abs(ahead / weightOf(people) / share - 1), `${share} ahead by ${aheadMs} ms`).toBeLessThan(0.2)
    }
  })

  test('with one clock for all nobody follows', () => {
    const fleet = { ...aWorld().fleet, clockError: { is: 'constant', ms: 0 } as const }
    expect(peopleOf(aWorld({ fleet })).some(({ follows }) => follows)).toBe(false)
  })
})
