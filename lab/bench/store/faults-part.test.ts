import { expect, it } from 'vitest'
import { planFaults } from './faults-part.ts'

it('plans every run over every store before one begins: each scenario can be run with its store', () => {
  const planned = planFaults(['lsm', 's3', 'cassandra'], {})
  expect(planned.length).toBeGreaterThan(10)
  for (const { plan, store } of planned) expect(plan.store.is).toBe(store)
  // The last run once failed on this after 20 minutes.
  expect(planned.filter(({ plan }) => plan.topology.roles === 'split').map(({ scenario }) => scenario)).toEqual([
    'early-birds',
  ])
})

it('plans no run over a store that is not asked for', () => {
  expect(planFaults(['memory'], {})).toEqual([])
})
