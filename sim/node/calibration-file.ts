import { readFileSync } from 'node:fs'
import { type Calibration, CalibrationError, parseCalibration } from '../calibration.ts'

/** Reads a calibration from `file`. Throws CalibrationError. */
export function readCalibration(file: string): Calibration {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const why =
      error instanceof SyntaxError ? 'it is no JSON' : `it cannot be read (${(error as NodeJS.ErrnoException).code})`
    throw new CalibrationError(`${file}: ${why}; 'tidegate calibrate' writes one`)
  }
  return parseCalibration(json, file)
}
