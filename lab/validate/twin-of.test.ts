import { expect, test } from 'vitest'
import { loadScenario } from '../../scenarios/load.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { defaultCalibration } from '../../sim/default-calibration.ts'
import { twinOf } from './twin-of.ts'

// Issue 6: twins that storm two segments later meet other publications, because those are drawn by their numbers.

const smoke = loadScenario('smoke')
const segmentMs = smoke.event.segmentMs ?? 2_000
const scenario: Scenario = {
  ...smoke,
  durationMs: 3_000,
  checks: [],
  actions: [],
  fleet: { ...smoke.fleet, players: 5 },
}
const calibration = defaultCalibration

test.each([2, 0, -1, 1, 6])(
  'the storm of a twin begins as many segments behind the backlog as the run’s: %i',
  async more => {
    const stormAtMs = (scenario.event.backlogSegments + more) * segmentMs
    const real = { event: { startMs: 5_000 }, startedMs: 5_000 + stormAtMs }
    const [twin] = await twinOf(scenario, real, { policy: 'oca', calibration })
    expect((twin?.startedMs as number) - Number(twin?.event.startMs)).toBe(stormAtMs)
    expect(twin?.figures.players).toBe(5)
    expect(twin?.figures.segments_counted).toBeGreaterThan(0)
    // Whoever asks for what lies in the window finds it, whenever the storm begins.
    expect(twin?.figures).toMatchObject({ wrong_bodies: 0, early_404_seen: 0 })
  },
)
