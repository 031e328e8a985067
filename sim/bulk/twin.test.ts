import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runTwins, type TwinInput } from './twin.fixture.ts'
import type { TwinCounts } from './twin-counts.ts'

// Exact mode, every player by itself, against bulk mode, on small cases. Both run the same cores; what is held against
// each other is all that bulk mode does differently: cohorts, one site for all, first arrivals by draws.

const names = [
  'segmentRequests',
  'requests',
  'fills',
  'originRequests',
] as const satisfies readonly (keyof TwinCounts)[]

const errorOf = (bulk: number, exact: number): number => Math.abs(bulk - exact) / Math.max(1, exact)

test('from 10 thousand players on, counts differ by 0.005 at most', () => {
  const { exact, bulk } = runTwins({ players: 10_000, sites: [2, 2], policy: 'oca', durationMs: 12_000 })
  for (const name of names)
    expect(errorOf(bulk[name], exact[name]), `${name}: ${bulk[name]} for ${exact[name]}`).toBeLessThan(0.005)
}, 120_000)

describe('faults', () => {
  // A late segment, an origin that refuses, a restart: what fails comes back as later load in both.
  const at = { atMs: 7_700 }
  const cases: readonly (Pick<TwinInput, 'actions' | 'faults'> & { readonly name: string; readonly most: number })[] = [
    {
      name: 'a late segment',
      actions: [{ ...at, do: 'stall-encoder', forMs: 5_000 }],
      faults: [{ ...at, do: 'stall-encoder', forMs: 5_000 }],
      most: 0.03,
    },
    {
      name: 'an origin that refuses',
      actions: [{ ...at, do: 'origin-down', forMs: 3_000 }],
      faults: [{ ...at, do: 'origin-down', forMs: 3_000 }],
      most: 0.06,
    },
    {
      name: 'an edge that restarts',
      actions: [{ ...at, do: 'restart-edge', edge: 'a1', downMs: 2_000 }],
      faults: [{ ...at, do: 'restart-edges', site: 'a', downMs: 2_600 }],
      most: 0.03,
    },
  ]
  test.each(cases)(
    '$name',
    ({ actions, faults, most }) => {
      const { exact, bulk } = runTwins({
        players: 1_500,
        sites: [2, 2],
        policy: 'oca',
        actions,
        faults,
        durationMs: 18_000,
      })
      for (const name of names)
        expect(errorOf(bulk[name], exact[name]), `${name}: ${bulk[name]} for ${exact[name]}`).toBeLessThan(most)
    },
    120_000,
  )
})

test('any small fleet, sites, policy and fault: counts differ by what a sample of that size must', () => {
  const fault = fc.constantFrom(
    undefined,
    { atMs: 5_700, do: 'lose-pipeline', pipeline: 'a' } as const,
    { atMs: 5_700, do: 'stall-encoder', forMs: 1_500 } as const,
    { atMs: 5_700, do: 'raise-version' } as const,
  )
  const input = fc.record({
    players: fc.integer({ min: 200, max: 800 }),
    sites: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    policy: fc.constantFrom('oca', 'nginx'),
    dvrShare: fc.constantFrom(0, 0.1),
    fault,
    seed: fc.integer({ min: 1, max: 1_000 }),
  })
  fc.assert(
    fc.property(input, ({ players, sites, policy, dvrShare, fault, seed }) => {
      const faults = fault ? [fault] : []
      const twin = runTwins({
        players,
        sites,
        policy,
        seed,
        fleet: { dvrShare },
        actions: faults,
        faults,
        durationMs: 10_000,
      })
      for (const name of names) {
        const { [name]: exact } = twin.exact
        // Profiles and join instants are drawn by chance in one and spread evenly in the other.
        const most = Math.max(0.05, 6 / Math.sqrt(players), 6 / Math.sqrt(exact))
        expect(errorOf(twin.bulk[name], exact), `${name}: ${twin.bulk[name]} for ${exact}`).toBeLessThan(most)
      }
    }),
    { numRuns: 8, seed: 65 },
  )
}, 180_000)
