import { cpus } from 'node:os'
import type { Calibration } from '../calibration.ts'

/** `calibration` for a world that stands as a run of the lab does: all processes on this machine, one of them all players. */
export const onOneMachine = (calibration: Calibration): Calibration => ({
  ...calibration,
  cores: { ...calibration.cores, generator: 1, machine: Math.max(1, cpus().length) },
})
