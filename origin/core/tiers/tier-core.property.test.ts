import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bodyOf, type ServerMode, settings, TierWorld } from './tier-world.fixture.ts'

// Random lives of a tier in virtual time. The world itself holds every step against what must always be: no reader gets
// another body's bytes (invariant 3), and a chunk is read from the store once at a time (one flight). Here: nobody waits
// for ever, nothing is kept when all is over, and a cache in whatever state fails no read.

type Command =
  | { do: 'read'; body: number; first: number; last: number; readers: number }
  | { do: 'publish'; body: number }
  | { do: 'remove'; body: number }
  | { do: 'server'; server: 'one' | 'two'; mode: ServerMode }
  | { do: 'damage'; server: 'one' | 'two' }
  | { do: 'store'; takesMs: number; fails: boolean }
interface Step {
  readonly afterMs: number
  readonly command: Command
}

const bodies = Array.from({ length: 6 }, (_, i) => bodyOf(`body ${i}`, 1 + i))
const longestStoreMs = 300
const body = fc.nat(bodies.length - 1)
const server = fc.constantFrom('one' as const, 'two' as const)
const mode: fc.Arbitrary<ServerMode> = fc.record({
  is: fc.constantFrom('well' as const, 'well' as const, 'dead' as const, 'hung' as const),
  takesMs: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 600 })),
})
const read = fc.record({
  do: fc.constant('read' as const),
  body,
  first: fc.nat(5),
  last: fc.nat(5),
  readers: fc.integer({ min: 1, max: 3 }),
})
const publish = fc.record({ do: fc.constant('publish' as const), body })
const cacheCommands = [
  { weight: 3, arbitrary: fc.record({ do: fc.constant('server' as const), server, mode }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('damage' as const), server }) },
]
const storeCommands = [
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), body }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      takesMs: fc.integer({ min: 0, max: longestStoreMs }),
      fails: fc.boolean(),
    }),
  },
]
const stepsOf = (commands: fc.WeightedArbitrary<Command>[]) =>
  fc.array(
    fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3_000 })),
      command: fc.oneof(
        { weight: 8, arbitrary: read as fc.Arbitrary<Command> },
        { weight: 3, arbitrary: publish as fc.Arbitrary<Command> },
        ...commands,
      ),
    }),
    { minLength: 1, maxLength: 60, size: 'max' },
  )
const anySteps = stepsOf([...cacheCommands, ...storeCommands])

function play(world: TierWorld, steps: readonly Step[], look: () => void = () => {}): void {
  for (const { afterMs, command } of steps) {
    world.advance(afterMs)
    if (command.do === 'server') world.setServer(command.server, command.mode)
    else if (command.do === 'damage') world.damage(command.server)
    else if (command.do === 'store') Object.assign(world.store, { takesMs: command.takesMs, fails: command.fails })
    else {
      const body = bodies[command.body] as (typeof bodies)[number]
      if (command.do === 'publish') world.publish(body)
      else if (command.do === 'remove') world.remove(body)
      else {
        const [first = 0, last = 0] = [command.first % body.chunks, command.last % body.chunks].toSorted(
          (a, b) => a - b,
        )
        for (let i = 0; i < command.readers; i++) world.read(body, first, last)
      }
    }
    look()
  }
  world.advance(60_000)
}

describe('the tiers under random lives', () => {
  it('end every read within the bounds of cache and store, and keep nothing when all is over', () => {
    fc.assert(
      fc.property(anySteps, steps => {
        const world = new TierWorld()
        play(world, steps)
        expect(world.waiting.size).toBe(0)
        for (const { askedMs, endedMs } of world.ended) {
          expect(endedMs - askedMs).toBeLessThanOrEqual((settings.readMs as number) + longestStoreMs)
        }
        expect(world.held.size, 'every flight has landed').toBe(0)
        expect(world.core.summary()).toEqual({ bodies: 0, readers: 0, storeReads: 0 })
        expect(world.core.nextWakeMs()).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  it('fail no read whose body the store gives, whatever the cache does', () => {
    fc.assert(
      fc.property(stepsOf(cacheCommands), steps => {
        const world = new TierWorld()
        for (const { id } of bodies) world.store.bodies.add(id)
        play(world, steps)
        expect(world.ended.filter(({ served }) => !served)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('give nothing that the store has not acknowledged', () => {
    fc.assert(
      fc.property(anySteps, steps => {
        const world = new TierWorld()
        const acknowledged = new Set<string>()
        let seen = 0
        play(world, steps, () => {
          for (const id of world.store.bodies) acknowledged.add(id)
          for (; seen < world.ended.length; seen++) {
            const { body, served } = world.ended[seen] as (typeof world.ended)[number]
            if (served) expect(acknowledged).toContain(body.id)
          }
        })
      }),
      { numRuns: 200 },
    )
  })

  it('decide the same from the same inputs (invariant 7)', () => {
    fc.assert(
      fc.property(anySteps, steps => {
        const logs = [new TierWorld(), new TierWorld()].map(world => {
          play(world, steps)
          return JSON.stringify(world.log)
        })
        expect(logs[0]).toBe(logs[1])
      }),
      { numRuns: 50 },
    )
  })
})
