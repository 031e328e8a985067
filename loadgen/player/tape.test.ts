import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hash32 } from '../../live/random.ts'
import type { ProfileName } from '../../scenarios/schema.ts'
import { kindOf, Player } from './player.ts'
import type { PlayerSetup } from './player-io.ts'
import { rowLength, Tape } from './tape.ts'
import { type Answer, aSetup, type Request, World } from './world.fixture.ts'

/** A player that after every call goes to rest as numbers, and comes back in another one's body. */
function reborn(setup: PlayerSetup): Player {
  const tape = new Tape()
  const cells = new Float64Array(rowLength)
  const words = new Int32Array(cells.buffer)
  const stranger = strangerTo(setup)
  let living = new Player(setup)
  const after = <Result>(result: Result): Result => {
    cells.fill(Number.NaN)
    const { fractions } = living
    tape.goTo(cells, words, 0, fractions)
    living.pack(tape)
    expect(tape.at).toBeLessThanOrEqual(fractions)
    expect(tape.wordAt).toBeLessThanOrEqual(2 * rowLength)
    living = new Player(stranger)
    expect(living.fractions).toBe(fractions)
    tape.goTo(cells, words, 0, fractions)
    living.unpack(tape)
    return result
  }
  const standIn: Pick<Player, 'nextWakeMs' | 'wake' | 'responded' | 'leaveNow'> = {
    nextWakeMs: () => living.nextWakeMs(),
    wake: now => after(living.wake(now)),
    responded: (outcome, now) => after(living.responded(outcome, now)),
    leaveNow: now => after(living.leaveNow(now)),
  }
  return standIn as Player
}

/** Somebody of the same kind with another clock, another time and other plans. */
function strangerTo(setup: PlayerSetup): PlayerSetup {
  const { seek: _seek, away: _away, leaveMs: _leave, ...kept } = setup
  for (let index = setup.index + 1; ; index++) {
    const other = { ...kept, index, clockErrorMs: 77, joinMs: (setup.joinMs as number) + 12_345 }
    if (kindOf(other) === kindOf(setup)) return other
  }
}

/** Answers that fail now and then, each request always in the same way. */
const scripted =
  (seed: number, failing: number) =>
  ({ address, request }: Request): Answer | undefined => {
    const draw = hash32(`${address.kind}/${request}`, seed)
    if (draw % 100 >= failing) return undefined
    return {
      result: ([404, 503, 500, 'reset', 'refused', 'wrong-body', 'never'] as const)[draw % 7] as Answer['result'],
    }
  }

test('a player that rests as numbers between any two calls does what it would have done', () => {
  const setups = fc.record({
    profile: fc.constantFrom<ProfileName>('hls.js', 'dash.js', 'media3', 'shaka', 'rfc8216'),
    index: fc.nat(50),
    clockErrorMs: fc.integer({ min: -300, max: 300 }),
    polls: fc.boolean(),
    seeks: fc.boolean(),
    leaves: fc.boolean(),
    goes: fc.boolean(),
    seed: fc.nat(1_000),
    failing: fc.constantFrom(0, 5, 30),
  })
  fc.assert(
    fc.property(setups, ({ polls, seeks, leaves, goes, seed, failing, ...given }) => {
      const plain = aSetup(given)
      const join = plain.joinMs as number
      const setup: PlayerSetup = {
        ...plain,
        ...(polls ? { poller: { everyMs: 100, aheadMs: 1_500 } } : {}),
        ...(seeks ? { seek: { atMs: join + 4_000, behindMs: 30_000 } } : {}),
        ...(leaves ? { leaveMs: join + 25_000 } : {}),
        ...(goes ? { away: { fromMs: join + 8_000, toMs: join + 15_000 } } : {}),
      }
      const usual = new World(setup, scripted(seed, failing)).run(40_000)
      const other = new World(setup, scripted(seed, failing))
      Object.assign(other, { player: reborn(setup) })
      expect(other.run(40_000).outputs).toEqual(usual.outputs)
    }),
    { numRuns: 60 },
  )
})
