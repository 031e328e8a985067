import { type Calibration, calibrationSchemaName, type Quantiles, type Work } from '../../sim/calibration.ts'

// A world without chance in its times, so that a closed form can be stated of it: every way takes one time, work takes
// none, nobody is late.

const constant = (ms: number): Quantiles => [[0, ms]]
const noWork: Work = { cpuMs: 0, cpuMsPerMib: 0, besideMs: constant(0) }

/** Every one-way latency is `oneWayMs`. */
export const constantCalibration = (oneWayMs: number): Calibration => ({
  schema: calibrationSchemaName,
  origin: 'Constants, chosen so that closed forms hold exactly; of no machine.',
  machine: { cpu: 'none', cores: 1, platform: 'any', node: 'any' },
  work: {
    edgeHit: noWork,
    edgeWait: noWork,
    edgeFill: noWork,
    edgeRefuse: noWork,
    originServe: noWork,
    originRelease: noWork,
    originPublish: noWork,
    tlsHandshake: noWork,
    pipelinePut: noWork,
    player: noWork,
  },
  stores: { memory: { read: noWork, write: noWork } },
  latency: {
    playerEdge: constant(oneWayMs),
    edgeSibling: constant(oneWayMs),
    edgeOrigin: constant(oneWayMs),
    pipelineOrigin: constant(oneWayMs),
  },
  links: {
    player: { bitsPerSecond: null },
    edge: { bitsPerSecond: null },
    origin: { bitsPerSecond: null },
    store: { bitsPerSecond: null },
  },
  loss: { share: 0, delayMs: constant(0) },
  connection: { roundTrips: 1, tls: false },
  cores: { edge: 1, origin: 1 },
  generator: { lagMs: constant(0), actionMs: constant(0), edgeStartMs: constant(0) },
})
