import { type Calibration, calibrationSchemaName, type Quantiles, type Work } from './calibration.ts'

// The calibration that stands in the repository, so that `tidegate sim` works at once.

const around = (p50: number, p90: number, p99: number, most: number): Quantiles => [
  [0, p50 * 0.6],
  [0.5, p50],
  [0.9, p90],
  [0.99, p99],
  [1, most],
]
const work = (cpuMs: number, cpuMsPerMib: number, besideMs: Quantiles = [[0, 0]]): Work => ({
  cpuMs,
  cpuMsPerMib,
  besideMs,
})

export const defaultCalibration: Calibration = {
  schema: calibrationSchemaName,
  origin:
    'Assumed: stated by hand for processes of one machine over the loopback, not measured; replace it by `tidegate calibrate`.',
  machine: { cpu: 'assumed', cores: 2, platform: 'any', node: 'v26' },
  work: {
    edgeHit: work(0.02, 0.25),
    edgeWait: work(0.06, 0.25),
    edgeFill: work(0.2, 0.5),
    edgeRefuse: work(0.05, 0),
    originServe: work(0.15, 0.3),
    originRefuse: work(0.1, 0),
    originRelease: work(0.06, 0.3),
    originPublish: work(0.25, 0.6),
    tlsHandshake: work(0.35, 0),
    pipelinePut: work(0.4, 0.6, around(0.6, 1.2, 3, 12)),
    player: work(0, 0),
    playerRefused: work(0, 0),
    playerAsk: work(0, 0),
  },
  stores: {
    memory: { read: work(0.01, 0), write: work(0.01, 0) },
    memcached: { read: work(0.08, 0.4, around(0.2, 0.6, 2, 15)), write: work(0.08, 0.4, around(0.2, 0.6, 2, 15)) },
    cassandra: { read: work(0.3, 0.8, around(1.5, 4, 12, 60)), write: work(0.35, 0.9, around(2, 5, 15, 80)) },
    s3: { read: work(0.3, 0.8, around(3, 10, 40, 150)), write: work(0.35, 0.9, around(6, 20, 80, 300)) },
    lsm: { read: work(0.05, 0.3, around(0.15, 0.4, 1.5, 8)), write: work(0.08, 0.5, around(0.3, 0.9, 4, 20)) },
  },
  latency: {
    playerEdge: around(0.15, 0.4, 1.2, 6),
    edgeSibling: around(0.15, 0.4, 1.2, 6),
    edgeOrigin: around(0.15, 0.4, 1.2, 6),
    pipelineOrigin: around(0.15, 0.4, 1.2, 6),
  },
  links: {
    player: { bitsPerSecond: null },
    edge: { bitsPerSecond: null },
    origin: { bitsPerSecond: null },
    store: { bitsPerSecond: null },
  },
  loss: { share: 0, delayMs: [[0, 200]] },
  connection: { roundTrips: 1, tls: false },
  cores: { edge: 1, origin: 1, generator: null, machine: null, hears: [], pauses: {} },
  generator: {
    lagMs: around(0.6, 1.2, 3, 12),
    actionMs: around(3, 8, 20, 60),
    edgeStartMs: around(450, 700, 1_000, 1_500),
  },
}
