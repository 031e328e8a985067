import type { Calibration, Work } from '../calibration.ts'
import type { CalibrationRun } from './read-runs.ts'
import { quantilesOf } from './samples.ts'

// A cache that keeps no log of ours is calibrated from outside: half of what a player waits for a first byte is the way
// there, half the way back, whatever it is made of.

const nothing: Work = { cpuMs: 0, cpuMsPerMib: 0, besideMs: [[0, 0]] }

/** `calibration` with edges as players saw them in `run`, of whose waits the least `share` counts. */
export function seenByPlayers(calibration: Calibration, { players }: CalibrationRun, share: number): Calibration {
  const waits = [...players.values()].flatMap(({ atMs, firstByteMs }) =>
    atMs === undefined || firstByteMs === undefined ? [] : [Math.max(0, firstByteMs - atMs)],
  )
  const { work, latency, cores } = calibration
  return {
    ...calibration,
    work: { ...work, edgeHit: nothing, edgeRefuse: nothing },
    latency: {
      ...latency,
      playerEdge: quantilesOf(
        waits.map(ms => ms / 2),
        share,
      ),
    },
    // It is in the waits.
    cores: { ...cores, hears: [] },
  }
}
