import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareOrder } from '../../live/notifications.ts'
import { CoreWorld } from './core-world.fixture.ts'
import { joinOperatorStates, type OperatorState, operatorStateSchema } from './operator-state.ts'

// Two origins take commands; what they tell each other may come late, twice, or in any order.

type Command = 'version' | 'mask' | 'lift' | 'invalidate' | 'notify' | 'epoch'
const command = fc.constantFrom<Command[]>('version', 'mask', 'lift', 'invalidate', 'notify', 'epoch')
const commands = fc.array(fc.tuple(command, fc.nat(3)), { maxLength: 12 })

function carryOut({ core }: CoreWorld, [command, variant]: [Command, number]): void {
  const mask = { pipeline: variant % 2 === 0 ? 'a' : 'b', from: variant, to: variant + 2 }
  if (command === 'version') core.raiseVersion()
  else if (command === 'mask') core.mask(mask, 0)
  else if (command === 'lift') core.liftMask(mask, 0)
  else if (command === 'invalidate') core.invalidate({ from: variant, to: variant })
  else if (command === 'notify') core.notify({ type: `kind-${variant}`, atMs: variant })
  else core.raiseEpoch()
}

const stateAfter = (list: [Command, number][]): OperatorState => {
  const world = new CoreWorld()
  for (const each of list) carryOut(world, each)
  return world.core.operatorState()
}

describe('what operators have commanded', () => {
  it('joins to the same, in whatever order and how often it is heard', () => {
    fc.assert(
      fc.property(commands, commands, commands, (...lists) => {
        const [a, b, c] = lists.map(stateAfter) as [OperatorState, OperatorState, OperatorState]
        const join = joinOperatorStates
        expect(join(a, b)).toEqual(join(b, a))
        expect(join(join(a, b), c)).toEqual(join(a, join(b, c)))
        expect(join(join(a, b), b)).toEqual(join(a, b))
        expect(join(a, a)).toEqual(a)
      }),
      { numRuns: 300 },
    )
  })

  it('only moves forward, and survives as JSON', () => {
    fc.assert(
      fc.property(commands, commands, (first, second) => {
        const world = new CoreWorld()
        for (const each of first) carryOut(world, each)
        const before = world.core.operatorState()
        const heard = operatorStateSchema.parse(JSON.parse(JSON.stringify(stateAfter(second))))
        world.core.adopt(heard, 0)
        const after = world.core.operatorState()
        expect(after.version).toBeGreaterThanOrEqual(Math.max(before.version, heard.version))
        expect(compareOrder(after.notifications.order, before.notifications.order)).toBeGreaterThanOrEqual(0)
        expect(world.core.adopt(heard, 0).changed, 'it is known by now').toBe(false)
        expect(world.core.eventState().sequence).toBe(Math.max(...[before, heard].map(s => s.invalidations.length)))
      }),
      { numRuns: 200 },
    )
  })

  it('chooses anew what a mask from elsewhere hides, for those who wait as well', () => {
    const teller = new CoreWorld()
    teller.core.mask({ pipeline: 'a', from: 1, to: 9 }, 0)
    const world = new CoreWorld().advanceTo(2_500)
    world.put(1, 'a')
    world.put(1, 'b')
    expect(world.inspect(1)).toMatchObject({ candidate: { pipeline: 'a' } })
    const { changed, effects } = world.core.adopt(teller.core.operatorState(), world.now)
    world.apply(effects)
    expect(changed).toBe(true)
    expect(world.inspect(1)).toMatchObject({ candidate: { pipeline: 'b' } })
  })
})
