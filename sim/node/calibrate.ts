import { cpus } from 'node:os'
import { type Calibration, calibrationSchema, calibrationSchemaName } from '../calibration.ts'
import type { CalibrationRun } from './calibration-run.ts'
import { histogramValues } from './samples.ts'
import { type HowCalibrated, quantiles, type Seeing, seeingOf } from './seeing.ts'
import { awakeMs, type SeenWay, wakeMsOf } from './ways.ts'
import { edgeWork, originWork, playersWork } from './work-of-places.ts'
import { storeWork } from './work-of-stores.ts'

// From what a short real run saw to a calibration. What a run on one machine cannot show (links, loss, TLS) is taken over
// from the default.

/** The calibration of this machine, as `run` shows it. */
export function calibrationFrom(run: CalibrationRun, how: HowCalibrated): { calibration: Calibration; kept: string[] } {
  const seeing = seeingOf(run, how)
  const { least, otherwise, costs } = seeing
  const { stores, latency, generator } = otherwise
  const players = playersWork(seeing)
  // Origins, edges and siblings are processes of one kind on one loopback.
  const upstream = quantiles(seeing, 'edge to origin', run.upstreamWaysMs, latency.edgeOrigin, { least: least.upstream })
  const calibration: Calibration = {
    ...otherwise,
    schema: calibrationSchemaName,
    origin: `Measured at ${how.measuredAt} by 'tidegate calibrate' (commit ${run.commit.slice(0, 12)}) over the loopback; links, loss and TLS are stated, not measured.`,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: Math.max(1, cpus().length),
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
    },
    work: { ...otherwise.work, ...edgeWork(seeing), ...originWork(seeing), ...players },
    stores: { ...stores, ...storeWork(seeing) },
    latency: {
      ...latency,
      edgeOrigin: upstream,
      edgeSibling: upstream,
      playerEdge: quantiles(seeing, 'player to edge', waysIn(seeing, run.ways), latency.playerEdge, {
        least: least.beside,
      }),
    },
    cores: {
      ...otherwise.cores,
      wakeMs: costs ? wakeMsOf(run.ways, least.beside) : [[0, 0]],
      pauses: costs?.pauses ?? {},
    },
    generator: {
      lagMs: quantiles(seeing, 'generator lag', histogramValues(run.parts, 'fleet', 'lag_ms'), generator.lagMs, {
        least: least.lag,
      }),
      actionMs: quantiles(seeing, 'actions', run.actionMs, generator.actionMs, { fewest: 1 }),
      edgeStartMs: quantiles(seeing, 'edge start', run.edgeStartMs, generator.edgeStartMs, { fewest: 1 }),
    },
  }
  return { calibration: calibrationSchema.parse(calibration), kept: seeing.kept }
}

/** Those that no process had to be woken for, where waking is there on its own. */
const waysIn = ({ costs }: Seeing, ways: readonly SeenWay[]): number[] =>
  ways.filter(({ idleMs }) => !costs || idleMs < awakeMs).map(({ tookMs }) => tookMs)
