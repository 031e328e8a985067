import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../../sim/calibration.ts'
import type { ProcessCosts } from '../../sim/node/process-costs.ts'
import { calibratedOn, calibratingStorm, contrastingStorms, costsSeenIn } from './calibrations.ts'
import type { LevelOptions } from './level.ts'
import { RealRuns, ranOver, recordsVariable } from './real-runs.ts'

// What the levels with real runs share in one process: the runs that were made, and the calibration.

type Options = Pick<LevelOptions, 'say' | 'signal' | 'seeds'>

export class Ground {
  readonly runs: RealRuns
  /** The storms that are run to be calibrated on. */
  readonly storms: readonly Scenario[]
  #calibration: Promise<Calibration> | undefined
  #costs: Promise<ProcessCosts> | undefined

  /**
   * @param records a folder that keeps runs for the next process; absent: for this one alone
   * @param given stands in the place of what is measured
   */
  constructor(records?: string, given?: { readonly calibration: Calibration; readonly costs: ProcessCosts }) {
    this.runs = new RealRuns(records)
    this.storms = given === undefined ? contrastingStorms() : []
    if (given === undefined) return
    this.#calibration = Promise.resolve(given.calibration)
    this.#costs = Promise.resolve(given.costs)
  }

  /** Measured in short storms of its own, over the seeds. */
  calibration(options: Options): Promise<Calibration> {
    this.#calibration ??= this.#calibrate(options)
    this.#calibration.catch(() => {
      this.#calibration = undefined
    })
    return this.#calibration
  }

  /** What work costs processes in all, measured in short storms that tell its kinds apart, over the seeds. */
  costs(options: Options): Promise<ProcessCosts> {
    this.#costs ??= this.#seeCosts(options)
    this.#costs.catch(() => {
      this.#costs = undefined
    })
    return this.#costs
  }

  async #calibrate(options: Options): Promise<Calibration> {
    const costs = await this.costs(options)
    const storms = await ranOver(calibratingStorm(), options.seeds, this.runs, options)
    const { calibration, kept } = await calibratedOn(storms, { costs })
    options.say(`calibrated in storms of its own; as the repository has it: ${kept.join(', ') || 'nothing'}`)
    return calibration
  }

  async #seeCosts(options: Options): Promise<ProcessCosts> {
    const ran = []
    for (const scenario of this.storms) ran.push(...(await ranOver(scenario, options.seeds, this.runs, options)))
    return costsSeenIn(ran)
  }
}

let shared: Ground | undefined
/** That of this process. */
export const sharedGround = (): Ground => {
  shared ??= new Ground(process.env[recordsVariable])
  return shared
}
