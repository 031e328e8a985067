import type { Calibration, Quantiles, Work } from '../../sim/calibration.ts'
import { defaultCalibration } from '../../sim/default-calibration.ts'

// A world without chance in its times, so that a closed form can be stated of it: every way takes one time, work takes
// none, nobody is late.

const constant = (ms: number): Quantiles => [[0, ms]]
const noWork: Work = { cpuMs: 0, cpuMsPerMib: 0, afterMs: 0, afterMsPerMib: 0, besideMs: constant(0) }

/** `record` with `value` under each of its names. */
const each = <Name extends string, Value>(record: Readonly<Record<Name, unknown>>, value: Value) =>
  Object.fromEntries(Object.keys(record).map(name => [name, value])) as Record<Name, Value>

/** Every one-way latency is `oneWayMs`. */
export const constantCalibration = (oneWayMs: number): Calibration => ({
  ...defaultCalibration,
  origin: 'Constants, chosen so that closed forms hold exactly; of no machine.',
  work: each(defaultCalibration.work, noWork),
  stores: { memory: { read: noWork, write: noWork } },
  latency: each(defaultCalibration.latency, constant(oneWayMs)),
  links: each(defaultCalibration.links, { bitsPerSecond: null }),
  loss: { share: 0, delayMs: constant(0) },
  generator: { lagMs: constant(0), actionMs: constant(0), edgeStartMs: constant(0) },
})
