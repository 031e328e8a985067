import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type Calibration, parseCalibration } from '../../sim/calibration.ts'
import { calibrationFrom } from '../../sim/node/calibrate.ts'
import { readRuns, runForCalibration, storm } from '../../sim/node/calibration-run.ts'
import { onOneMachine } from '../../sim/node/one-machine.ts'
import type { RealRun } from './real-runs.ts'

// The two calibrations that twins are simulated with: one from a short storm of its own, and one that is taken
// from real runs of a scenario, loaded as they are. Both stand as the real runs do: on one machine.

export interface Calibrated {
  readonly calibration: Calibration
  /** What was not seen often enough, and stands as the repository's calibration has it. */
  readonly kept: readonly string[]
}

/** Of a storm of its own, measured now as `tidegate calibrate` measures; `file` keeps it, where there is one. */
export async function ownCalibration(file: string | undefined, signal: AbortSignal): Promise<Calibrated> {
  if (file !== undefined && existsSync(file)) {
    return { calibration: onOneMachine(parseCalibration(JSON.parse(readFileSync(file, 'utf8')), file)), kept: [] }
  }
  const run = await runForCalibration(() => undefined, signal, storm)
  const { calibration, kept } = calibrationFrom(run, new Date().toISOString(), 'made')
  if (file !== undefined) writeFileSync(file, JSON.stringify(calibration, null, 2))
  return { calibration: onOneMachine(calibration), kept }
}

/** From what the processes of `runs` wrote of each request. */
export async function calibrationOf(runs: readonly RealRun[]): Promise<Calibrated> {
  const read = await readRuns(runs)
  const { calibration, kept } = calibrationFrom(
    read,
    runs.map(({ record }) => `${record.scenario.name}, seed ${record.seed}`).join('; '),
    'made',
  )
  return { calibration: onOneMachine(calibration), kept }
}
