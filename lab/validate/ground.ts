import { join } from 'node:path'
import type { Calibration } from '../../sim/calibration.ts'
import { ownCalibration } from './calibrations.ts'
import { RealRuns, recordsVariable } from './real-runs.ts'

// What the levels with real runs share in one process: the runs that were made, and the calibration.

export class Ground {
  readonly runs: RealRuns
  readonly #file: string | undefined
  #calibration: Promise<Calibration> | undefined

  /** @param records a folder that keeps both for the next process; absent: for this one alone */
  constructor(records?: string, calibration?: Calibration) {
    this.runs = new RealRuns(records)
    this.#file = records === undefined ? undefined : join(records, 'calibration.json')
    if (calibration !== undefined) this.#calibration = Promise.resolve(calibration)
  }

  /** Measured in a short storm of its own. */
  calibration(say: (line: string) => void, signal: AbortSignal = new AbortController().signal): Promise<Calibration> {
    this.#calibration ??= ownCalibration(this.#file, signal).then(({ calibration, kept }) => {
      say(`calibrated in a storm of its own; as the repository has it: ${kept.join(', ') || 'nothing'}`)
      return calibration
    })
    return this.#calibration
  }
}

let shared: Ground | undefined
/** That of this process. */
export const sharedGround = (): Ground => {
  shared ??= new Ground(process.env[recordsVariable])
  return shared
}
