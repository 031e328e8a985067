import { describe, expect, it } from 'vitest'
import { loadScenario } from '../scenarios/load.ts'
import type { Action, Scenario } from '../scenarios/schema.ts'
import { beside, doubled, onBothSides, sitesOf } from './duel-scenario.ts'
import { edgesOf } from './process-configs.ts'

const demo = loadScenario('demo')
const kickoff = loadScenario('kickoff')
const namesOf = (scenario: Scenario) => edgesOf(doubled(scenario)).map(({ edge }) => edge)

describe('a scenario with two sides', () => {
  it('has every site twice, with edges of other names, and begins with nobody', () => {
    expect(namesOf(demo)).toEqual(['left1', 'left2', 'right1', 'right2'])
    expect(new Set(namesOf(kickoff)).size).toBe(8)
    expect(sitesOf('right', kickoff)).toEqual(['right-a', 'right-b'])
    expect(doubled(kickoff).fleet.players).toBe(0)
  })

  it('has one policy in all sites of a side', () => {
    const { bySite } = beside(kickoff, { left: 'none', right: 'oca-wakeOnFill' })
    expect([...bySite].map(([site, { name }]) => `${site} ${name}`)).toEqual([
      'left-a none',
      'left-b none',
      'right-a oca-wakeOnFill',
      'right-b oca-wakeOnFill',
    ])
    expect(() => beside(demo, { left: 'none', right: 'ocas' })).toThrow("did you mean 'oca'?")
  })

  it('does to both what an action does to one, and the rest once', () => {
    const designated = (site: string) => `${site}2`
    const expanded = (action: Action, scenario = demo) =>
      onBothSides(action, scenario, designated).map(one => ('edge' in one ? one.edge : one.do))
    expect(expanded({ atMs: 0, do: 'restart-edge', edge: 'a1', downMs: 500 })).toEqual(['left1', 'right1'])
    expect(expanded({ atMs: 0, do: 'kill-edge', edge: 'b2' }, kickoff)).toEqual(['left-b2', 'right-b2'])
    expect(expanded({ atMs: 0, do: 'kill-edge', edge: 'designated' })).toEqual(['left2', 'right2'])
    expect(expanded({ atMs: 0, do: 'raise-version' })).toEqual(['raise-version'])
    expect(expanded({ atMs: 0, do: 'flush-edge' })).toHaveLength(1)
  })

  it('has edges for every action of every scenario that comes with Tidegate', () => {
    for (const scenario of [loadScenario('cold-edge'), loadScenario('designated-loss'), loadScenario('flush')]) {
      const edges = namesOf(scenario)
      for (const action of scenario.actions) {
        for (const one of onBothSides(action, scenario, site => `${site}1`)) {
          if ('edge' in one && one.edge !== undefined) expect(edges).toContain(one.edge)
        }
      }
    }
  })
})
