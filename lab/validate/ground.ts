import type { Calibration } from '../../sim/calibration.ts'
import { calibratingStorm, closedCalibration } from './calibrations.ts'
import type { LevelOptions } from './level.ts'
import { type Ran, RealRuns, ranOver, recordsVariable } from './real-runs.ts'

// What the levels with real runs share in one process: the runs that were made, and the calibration.

type Options = Pick<LevelOptions, 'say' | 'signal' | 'seeds'>

export class Ground {
  readonly runs: RealRuns
  readonly #given: Calibration | undefined
  #storms: Promise<Ran[]> | undefined
  readonly #calibrations = new Map<string, Promise<Calibration>>()

  /**
   * @param records a folder that keeps runs for the next process; absent: for this one alone
   * @param calibration stands in the place of what is measured
   */
  constructor(records?: string, calibration?: Calibration) {
    this.runs = new RealRuns(records)
    this.#given = calibration
  }

  /** Measured in short storms of its own, over the seeds. */
  calibration(options: Options): Promise<Calibration> {
    return this.#measured(options, undefined)
  }

  /**
   * The same under load: edges of the storms without a cache, or of those with one, whichever `variant` is like, and the
   * origin of those without one, which has the most to do.
   */
  async busier(variant: string, options: Options): Promise<Calibration> {
    const none = await this.#measured(options, 'none')
    if (variant === 'none') return none
    const cached = await this.#measured(options, 'oca')
    return { ...cached, work: { ...cached.work, originServe: none.work.originServe } }
  }

  #measured(options: Options, variant: string | undefined): Promise<Calibration> {
    if (this.#given !== undefined) return Promise.resolve(this.#given)
    const key = variant ?? 'all'
    const known = this.#calibrations.get(key)
    if (known !== undefined) return known
    const calibration = this.#calibrate(options, variant)
    this.#calibrations.set(key, calibration)
    calibration.catch(() => this.#calibrations.delete(key))
    return calibration
  }

  async #calibrate(options: Options, variant: string | undefined): Promise<Calibration> {
    const { say, seeds } = options
    this.#storms ??= ranOver(calibratingStorm(), seeds, this.runs, options)
    this.#storms.catch(() => {
      this.#storms = undefined
    })
    const variants = variant === undefined ? undefined : [variant]
    const { calibration, kept } = await closedCalibration(await this.#storms, { variants })
    const of = variant === undefined ? 'storms' : `storms under '${variant}'`
    say(`calibrated in ${of} of its own; as the repository has it: ${kept.join(', ') || 'nothing'}`)
    return calibration
  }
}

let shared: Ground | undefined
/** That of this process. */
export const sharedGround = (): Ground => {
  shared ??= new Ground(process.env[recordsVariable])
  return shared
}
