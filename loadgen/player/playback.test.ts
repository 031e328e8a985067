import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Playback } from './playback.ts'
import type { PlayerOutput } from './player-io.ts'
import { profileOf } from './profiles.ts'

const dashJs = profileOf({ profile: 'dash.js', seed: 1, index: 0 })
const media3 = profileOf({ profile: 'media3', seed: 1, index: 0 })

test('a playhead moves in real time while it plays, and never beyond the end of what is buffered', () => {
  const steps = fc.array(fc.record({ waitMs: fc.nat(5_000), addMs: fc.nat(3_000) }), { maxLength: 60 })
  fc.assert(
    fc.property(steps, given => {
      const playback = new Playback(dashJs)
      const out: PlayerOutput[] = []
      let at = 1_000
      let endMs = 500
      let playedMs = 0
      playback.moveTo(500)
      for (const { waitMs, addMs } of given) {
        const before = playback.positionMs(at)
        const emptyMs = playback.reachesMs(endMs)
        if (emptyMs <= at + waitMs) playback.advance(endMs, false, emptyMs, out)
        at += waitMs
        playedMs += playback.positionMs(at) - before
        expect(endMs - playback.positionMs(at)).toBeGreaterThanOrEqual(0)
        endMs += addMs
        playback.advance(endMs, false, at, out)
      }
      expect(playback.positionMs(at)).toBe(500 + playedMs)
      expect(out.filter(output => output.do === 'note' && output.note === 'started').length).toBeLessThanOrEqual(1)
    }),
  )
})

test('it starts and goes on with what its profile asks for, and notes how long it stalled', () => {
  const playback = new Playback(media3)
  const out: PlayerOutput[] = []
  playback.moveTo(0)
  playback.advance(999, false, 10, out)
  expect(playback.state).toBe('filling')
  playback.advance(1_000, false, 20, out)
  expect(playback.reachesMs(1_000)).toBe(1_020)
  playback.advance(1_000, false, 1_020, out)
  playback.advance(2_999, false, 3_000, out)
  expect(playback.state).toBe('stalled')
  playback.advance(3_000, false, 4_000, out)
  expect(out).toEqual([
    { do: 'note', note: 'started' },
    { do: 'note', note: 'rebuffer', lastedMs: 2_980 },
  ])
  expect(playback.stalls).toBe(1)
})

test('complete media is played to its end, however little there is', () => {
  const playback = new Playback(media3)
  playback.moveTo(0)
  expect(playback.advance(400, true, 100, [])).toBe(false)
  expect(playback.advance(400, true, 499, [])).toBe(false)
  expect(playback.advance(400, true, 500, [])).toBe(true)
})

test('a playhead that stands passes over what is left out, and never goes back', () => {
  const playback = new Playback(dashJs)
  playback.moveTo(4_000)
  playback.passTo(6_000)
  playback.passTo(5_000)
  expect(playback.positionMs(0)).toBe(6_000)
})
