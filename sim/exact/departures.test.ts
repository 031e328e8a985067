import { expect, test } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import type { Calibration } from '../calibration.ts'
import { DecisionHash } from '../decision-hash.ts'
import { defaultCalibration } from '../default-calibration.ts'
import { syntheticMedia } from '../media.ts'
import { Objects } from '../objects.ts'
import { Agenda } from './agenda.ts'
import { Departures } from './departures.ts'
import { Generator } from './generator.ts'
import { Ground } from './ground.ts'

const startMs = 1_800_000_000_000

function departuresOf(generator: Partial<Calibration['generator']>, isOne = true): Departures {
  const event = anEvent()
  const common = { event, objects: new Objects(event), media: syntheticMedia(event), hash: new DecisionHash() }
  const calibration: Calibration = {
    ...defaultCalibration,
    generator: { ...defaultCalibration.generator, lagMs: [[0, 0.25]], ...generator },
    work: { ...defaultCalibration.work, playerAsk: { cpuMs: 0, cpuMsPerMib: 0, afterMs: 3, besideMs: [[0, 0]] } },
  }
  const ground = new Ground({ ...common, agenda: new Agenda(startMs, 1, 1), calibration, seed: 7, store: 'memory' })
  return new Departures(ground, isOne ? new Generator(ground, 1, 1) : undefined)
}

test('timers go off together, and all that waited for them is sent at once', () => {
  const departures = departuresOf({ timersMs: 2 })
  const dues = [0.1, 0.7, 1.3, 1.9, 2.5, 3.1].map(ms => (departures.dueMs(startMs + ms, false) as number) - startMs)
  expect(new Set(dues.map(ms => Math.round(ms * 1e3) / 1e3)).size).toBeLessThanOrEqual(3)
  for (const [i, ms] of dues.entries()) {
    expect(ms).toBeGreaterThanOrEqual(0.1 + 0.6 * i - 1e-3)
    expect(ms).toBeLessThanOrEqual(2.1 + 0.6 * i)
  }
  const tickMs = startMs + (dues[0] as number)
  expect([departures.sentMs(tickMs, false), departures.sentMs(tickMs, false)]).toEqual([tickMs, tickMs])
  // Both are written before the next one is looked at.
  expect(departures.sentMs(tickMs + 1, false)).toBeCloseTo(tickMs + 6, 3)
})

test('what is asked for upon an answer waits for none', () => {
  const departures = departuresOf({ timersMs: 2, atOnceLagMs: [[0, 0.03125]] })
  expect(departures.dueMs(startMs + 0.5, true)).toBe(startMs + 0.5)
  expect(departures.sentMs(startMs + 0.5, true)).toBe(startMs + 0.53125)
})

test('players with a machine each are as late as the calibration says, whatever they ask upon', () => {
  const departures = departuresOf({ timersMs: 2 }, false)
  for (const uponAnswer of [true, false]) {
    expect(departures.dueMs(startMs + 0.5, uponAnswer)).toBe(startMs + 0.5)
    expect(departures.sentMs(startMs + 0.5, uponAnswer)).toBe(startMs + 0.75)
  }
})
