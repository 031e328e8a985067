import fc from 'fast-check'
import { type EdgePolicy, policyOf } from '../policy.ts'
import type { FetchFailure, FetchId, Question } from '../verdict.ts'
import { fromSibling, segment } from './rig.ts'
import type { HeadChoice } from './upstream.ts'
import type { World } from './world.ts'

// What can happen to an edge, as data, so that a counterexample can be read. `nth` picks one of those that are there.

export type Command =
  | { readonly do: 'ask'; readonly question: Question; readonly count: number }
  | { readonly do: 'step'; readonly ms: number }
  | { readonly do: 'head'; readonly nth: number; readonly head: HeadChoice }
  | { readonly do: 'bytes'; readonly nth: number; readonly bytes: number }
  | { readonly do: 'end'; readonly nth: number; readonly honest: boolean }
  | { readonly do: 'fail'; readonly nth: number; readonly failure: FetchFailure }
  | { readonly do: 'leave'; readonly nth: number }
  | { readonly do: 'flush' | 'raise-version' }
  | { readonly do: 'invalidate'; readonly from: number }
  | { readonly do: 'heartbeat'; readonly edge: string; readonly alive: boolean }
  | { readonly do: 'origin-heartbeat'; readonly region: string; readonly alive: boolean }
  | { readonly do: 'policy'; readonly preset: string }

const number = fc.integer({ min: 8, max: 13 })

/** What is asked for: few objects, so that the same ones are asked for again and again. */
export const question: fc.Arbitrary<Question> = fc.oneof(
  { weight: 6, arbitrary: number.map(n => segment(n)) },
  { weight: 2, arbitrary: number.map(n => segment(n, 'v2')) },
  { weight: 1, arbitrary: fc.constant(segment(500)) },
  { weight: 1, arbitrary: fc.constant<Question>({ method: 'GET', path: '/live/final/v1/index.m3u8' }) },
  { weight: 1, arbitrary: fc.constant<Question>({ method: 'GET', path: '/live/final/manifest.mpd' }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Question>({ method: 'GET', path: '/page' }, { method: 'POST', path: '/page' }),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ n: number, version: fc.nat(2), sequence: fc.nat(2), boundMs: fc.integer({ min: 1, max: 3_500 }) })
      .map(({ n, version, sequence, boundMs }) => fromSibling(segment(n), 'a2', { version, sequence }, boundMs)),
  },
)

const kinds = [
  'ok',
  'ok',
  'ok',
  'missing',
  'gone',
  'busy',
  'chunked',
  'rest',
  'rest',
  'wrong-rest',
  'other-rest',
  'not-modified',
] as const

const head: fc.Arbitrary<HeadChoice> = fc.record({
  kind: fc.constantFrom(...kinds),
  ttlMs: fc.constantFrom(0, 1, 300, 300, 2_000, 60_000),
  etag: fc.constantFrom('"e1"', '"e1"', '"e2"', 'W/"e3"'),
  bytes: fc.constantFrom(0, 100, 1_000, 5_000),
  versionShift: fc.constantFrom(0, 0, 0, 0, -1, 1),
  notified: fc.nat(20),
})

const nth = fc.nat(9)
const failure = fc.constantFrom<FetchFailure>('refused', 'reset', 'timeout', 'malformed')

const command = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('ask'), question, count: fc.constantFrom(1, 1, 1, 4) }) },
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('step'), ms: fc.constantFrom(0, 1, 10, 249, 250, 400, 3_000, 3_800) }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('head'), nth, head }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('bytes'), nth, bytes: fc.constantFrom(1, 100, 400) }) },
  {
    weight: 9,
    arbitrary: fc.record({ do: fc.constant('end'), nth, honest: fc.constantFrom(true, true, true, false) }),
  },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('fail'), nth, failure }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('leave'), nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('flush', 'raise-version') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('invalidate'), from: number }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('heartbeat'), edge: fc.constantFrom('a2', 'a3'), alive: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('origin-heartbeat'),
      region: fc.constantFrom('eu', 'us'),
      alive: fc.boolean(),
    }),
  },
) as fc.Arbitrary<Command>

const policyChange = fc.record({
  do: fc.constant('policy'),
  preset: fc.constantFrom('oca', 'nginx', 'none'),
}) as fc.Arbitrary<Command>

export const script = fc.array(command, { maxLength: 80, size: 'max' })
export const scriptWithPolicies = fc.array(
  fc.oneof({ weight: 15, arbitrary: command }, { weight: 1, arbitrary: policyChange }),
  { maxLength: 80, size: 'max' },
)

export function carryOut(world: World, given: Command): void {
  switch (given.do) {
    case 'ask':
      world.ask(given.question, given.count)
      return
    case 'step':
      world.step(given.ms)
      return
    case 'origin-heartbeat':
      world.originAlive(given.region, given.alive)
      return
    case 'head':
      on(
        world,
        given.nth,
        has => !has,
        fetch => world.head(fetch, given.head),
      )
      return
    case 'bytes':
      on(
        world,
        given.nth,
        has => has,
        fetch => world.bytes(fetch, given.bytes),
      )
      return
    case 'end':
      on(
        world,
        given.nth,
        has => has,
        fetch => world.end(fetch, given.honest),
      )
      return
    case 'fail':
      on(
        world,
        given.nth,
        () => true,
        fetch => world.fail(fetch, given.failure),
      )
      return
    default:
      operate(world, given)
  }
}

type Operation = Exclude<Command, { do: 'ask' | 'step' | 'head' | 'bytes' | 'end' | 'fail' }>

function operate(world: World, given: Operation): void {
  switch (given.do) {
    case 'leave': {
      const tickets = [...world.account.waiters.keys()]
      const ticket = tickets[given.nth % Math.max(1, tickets.length)]
      if (ticket !== undefined) world.leave(ticket)
      return
    }
    case 'flush':
      world.flush()
      return
    case 'raise-version':
      world.learn({ ...world.config, version: world.config.version + 1, invalidations: [] })
      return
    case 'invalidate': {
      const sequence = (world.config.invalidations.at(-1)?.sequence ?? 0) + 1
      const rule = { sequence, from: given.from, to: given.from + 1 }
      world.learn({ ...world.config, invalidations: [...world.config.invalidations, rule] })
      return
    }
    case 'heartbeat':
      world.siblingAlive(given.edge, given.alive)
      return
    case 'policy':
      world.setPolicy(policyOf(given.preset))
  }
}

function on(world: World, which: number, isMeant: (hasHead: boolean) => boolean, act: (fetch: FetchId) => void): void {
  const flights = [...world.account.flights].filter(([, flight]) => isMeant(flight.hasHead))
  const fetch = flights[which % Math.max(1, flights.length)]?.[0]
  if (fetch !== undefined) act(fetch)
}

/** The default policy, and variants of it that still collapse everything. */
export const collapsing: readonly EdgePolicy[] = [
  policyOf('oca'),
  policyOf('oca', { streamWhileFilling: false }),
  policyOf('oca', { designatedFill: false, rangeValidation: false }),
]
