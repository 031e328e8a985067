import { cpus } from 'node:os'
import type { Calibration } from '../calibration.ts'

/** Those of Node are kept in whole milliseconds. */
const timersMs = 1

/** `calibration` for a world that stands as a run of the lab does: all processes on this machine, one of them all players. */
export const onOneMachine = (calibration: Calibration): Calibration => ({
  ...calibration,
  cores: { ...calibration.cores, generator: 1, machine: Math.max(1, cpus().length) },
  generator: { ...calibration.generator, timersMs },
})
