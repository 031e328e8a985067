import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../../live/limits.ts'
import { type EdgePolicy, policyOf } from './policy.ts'
import { type Command, carryOut, collapsing, question, script, scriptWithPolicies } from './testing/commands.ts'
import { World } from './testing/world.ts'
import type { Verdict } from './verdict.ts'

// Fleets of commands against the core in virtual time (design, "What must always hold", 1, 2, 3 and 5), with heads,
// bytes, ends and failures of an upstream that may be honest or not, and everything that operators do in between. What
// must hold is written in testing/account.ts and testing/sending-rules.ts.

const worldOf = (policy: EdgePolicy) =>
  new World({
    name: 'a1',
    site: 'a',
    policy,
    origins: ['eu', 'us'],
    storeBytes: 12_000,
    keys: 12,
    waiters: 40,
    fills: 30,
  })

function run(policy: EdgePolicy, commands: readonly Command[]): void {
  const world = worldOf(policy)
  for (const command of commands) carryOut(world, command)
  world.settle()
  world.replay()
}

test('one fill a key and one retry, holds end, no splice, nothing old, nothing left: whatever happens', () => {
  const policy = fc
    .constantFrom('oca', 'not streaming', 'alone')
    .map(name => ({ name, index: name === 'oca' ? 0 : name === 'alone' ? 2 : 1 }))
  fc.assert(
    fc.property(policy, script, ({ index }, commands) => run(collapsing[index] as EdgePolicy, commands)),
    { numRuns: 1_500 },
  )
})

test('a policy that changes in the middle of it all tears nothing and leaves nothing behind', () => {
  fc.assert(
    fc.property(fc.constantFrom('oca', 'nginx', 'none'), scriptWithPolicies, (name, commands) =>
      run(policyOf(name), commands),
    ),
    { numRuns: 700 },
  )
})

/** A verdict without what counts from the instant of asking. */
function fixed(verdict: Verdict, now: number): unknown {
  const isLimit = verdict.reason === 'refused-waiters' || verdict.reason === 'refused-fills'
  return JSON.parse(JSON.stringify(verdict), (key, value: unknown) => {
    if (key === 'headByMs' || key === 'againAtMs') return (value as number) - now
    return key === 'askAgainInMs' && !isLimit ? Math.round((value as number) + now) : value
  })
}

test('the same question has the same answer until validUntilMs, as long as nothing happens; asking changes nothing', () => {
  const policies = [...collapsing, policyOf('nginx'), policyOf('oca', { staleLive: true })]
  const asks = fc.array(fc.tuple(question, fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 5, maxLength: 5 })
  fc.assert(
    fc.property(fc.nat(policies.length - 1), script, asks, (index, commands, asked) => {
      const world = worldOf(policies[index] as EdgePolicy)
      for (const command of commands) {
        carryOut(world, command)
        for (const [what, share] of asked) {
          const before = JSON.stringify(world.core.stats())
          const verdict = world.core.inspect(what, world.now)
          const until = Math.min(verdict.validUntilMs as number, world.now + 2 * limits.edgeWaitMs)
          const later = world.now + share * (until - world.now)
          expect(verdict.validUntilMs).toBeGreaterThanOrEqual(world.now)
          if (later < until) expect(fixed(world.core.inspect(what, later), later)).toEqual(fixed(verdict, world.now))
          expect(JSON.stringify(world.core.stats())).toBe(before)
        }
      }
    }),
    { numRuns: 200 },
  )
})
