import { expect, it } from 'vitest'
import { EquallyBusy } from './equally-busy.ts'

it('lets a plain load spin until its core is as busy as in storms', () => {
  const busy = new EquallyBusy({ readsPerS: 100, forMs: 1_000 })
  /** A core whose plain reads cost 2 ms each without spinning. */
  const plainShare = () => (100 * (2 + (busy.spinMs as number))) / 1_000
  busy.stormed(0.6)
  busy.quiet(plainShare())
  expect(busy.spinMs).toBeCloseTo(4)
  busy.begin()
  // The first turn that counts is a quiet one: what was found before stays (once it became no number at all).
  busy.quiet(plainShare())
  expect(busy.spinMs).toBeCloseTo(4)
  busy.stormed(0.5)
  busy.stormed(0.7)
  busy.quiet(plainShare())
  expect(busy.spinMs).toBeCloseTo(4)
  expect(busy.shares()).toEqual({ storm: 0.6, quiet: expect.closeTo(0.6) })
})

it('never spins for less than nothing', () => {
  const busy = new EquallyBusy({ readsPerS: 100, forMs: 1_000 })
  busy.stormed(0.1)
  busy.quiet(0.4)
  expect(busy.spinMs).toBe(0)
})
