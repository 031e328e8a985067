import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { setting } from '../../cli/flags.ts'
import { recordOf, threePolicies } from '../../results/record.fixture.ts'
import { loadScenario } from '../../scenarios/load.ts'
import { settingText, withSettings } from '../../scenarios/settings.ts'
import { behaviours } from '../live/behaviours.ts'
import { fragmentOf, readFragment } from './browser/fragment.ts'
import { stormCommand } from './input.ts'
import { measuredOf } from './measured.ts'
import { sections } from './sections.ts'
import { formatRange, placeOf, valueAt } from './slider.ts'
import { planOf, stormsOf, type Values } from './storms.ts'

/** How the controls of `section` stand at first. */
const atFirst = (name: string): Values =>
  Object.fromEntries(
    (sections.find(section => section.name === name)?.controls ?? []).map(control => [
      control.name,
      control.is === 'switch' ? control.on : control.at,
    ]),
  )

describe('a slider', () => {
  const ranges = sections.flatMap(({ controls }) => controls.filter(control => control.is === 'range'))

  it.each(ranges.map(range => [range.name, range] as const))(
    '%s begins where it says, and keeps its ends',
    (_, range) => {
      const { min, max, value } = formatRange(range)
      expect(valueAt(range, value)).toBe(range.at)
      expect(valueAt(range, min)).toBe(range.from)
      expect(valueAt(range, max)).toBe(range.to)
    },
  )

  it('comes back to what it meant', () => {
    for (const range of ranges) {
      for (let value = range.from; value <= range.to; value = Math.ceil(value * 1.7 + 1)) {
        const shown = valueAt(range, placeOf(range, value))
        expect(valueAt(range, placeOf(range, shown))).toBe(shown)
        expect(Math.abs(shown - value)).toBeLessThanOrEqual(0.05 * value + 0.5)
      }
    }
  })
})

describe('what a section simulates', () => {
  it('can be said on a command line: every setting reads back as itself', () => {
    for (const { name } of sections) {
      for (const { input } of stormsOf(name, atFirst(name))) {
        for (const one of input.settings) expect(setting(settingText(one))).toEqual([one])
      }
    }
  })

  it('is a scenario', () => {
    for (const { name } of sections) {
      for (const { input } of stormsOf(name, atFirst(name))) {
        const scenario = withSettings(loadScenario(input.base), input.settings)
        expect(parse(JSON.stringify(scenario))).toEqual(scenario)
        expect(scenario.topology.sites.length).toBeGreaterThan(0)
      }
    }
  })

  it('names every switch of its policy', () => {
    const [storm] = stormsOf('free', {
      ...atFirst('free'),
      ...Object.fromEntries(behaviours.map(({ name }) => [name, false])),
    })
    expect(Object.keys(storm?.input.policy.switches ?? {})).toEqual(
      expect.arrayContaining(behaviours.flatMap(({ off }) => Object.keys(off))),
    )
  })

  it('never plans more edges than viewers', () => {
    expect(planOf({ viewers: 10_000, edges: 18_000, preset: 'oca', designatedFill: true }).edges).toBe(10_000)
  })

  it('quotes what a shell would take apart', () => {
    const input = { base: 'kickoff', policy: { preset: 'oca', switches: {} }, players: 3, latencies: { edgeOrigin: 7 } }
    const settings = [{ path: ['shows'], value: "it's $HOME; `x`" }]
    expect(stormCommand({ ...input, settings }, ['oca-wakeOnFill', 'none'])).toBe(
      `tidegate sim kickoff --policy oca-wakeOnFill --policy none --players 3 --set 'shows="it'\\''s $HOME; \`x\`"' --latency edgeOrigin=7`,
    )
  })
})

describe("the address's fragment", () => {
  it('keeps every control', () => {
    const values = { ...atFirst('free'), ...Object.fromEntries(behaviours.map(({ name }, i) => [name, i % 2 === 0])) }
    expect(readFragment(fragmentOf(values))).toEqual(values)
  })

  it('is not ours when it names a part of the page', () => {
    expect(readFragment('#part-free')).toBeUndefined()
    expect(readFragment('#play?viewers=5')).toEqual({ viewers: 5 })
  })
})

describe('what was measured', () => {
  it('stands together where only the fleet and the seed differ', () => {
    const kickoff = loadScenario('kickoff')
    const scenarios = [
      kickoff,
      { ...kickoff, seed: 3, fleet: { ...kickoff.fleet, players: 700 } },
      loadScenario('flush'),
    ]
    const records = scenarios.map(({ name }) =>
      recordOf(threePolicies(), { scenario: { name, shows: 'x', sha256: '' } }),
    )
    const { storms, bases } = measuredOf(records, record => scenarios[records.indexOf(record)])
    expect(storms.map(({ points }) => points.length)).toEqual([6, 3])
    expect(storms[0]?.points.map(({ viewers }) => viewers)).toEqual([300, 300, 300, 700, 700, 700])
    expect(Object.keys(bases)).toEqual(['measured-1', 'measured-2'])
  })

  it('has no curve where the scenario is not at hand, nor of an edge that is not ours', () => {
    const { storms, bases } = measuredOf([recordOf(threePolicies())], () => undefined)
    expect(storms[0]).toMatchObject({ scenario: 'kickoff' })
    expect(storms[0]?.base).toBeUndefined()
    expect(storms[0]?.points.every(({ policy }) => policy === undefined)).toBe(true)
    expect(bases).toEqual({})
  })
})
