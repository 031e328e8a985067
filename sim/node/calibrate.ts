import { cpus } from 'node:os'
import { type Calibration, calibrationSchema, calibrationSchemaName, type Quantiles } from '../calibration.ts'
import { lagsOf } from './lags.ts'
import type { CalibrationRun } from './read-runs.ts'
import { histogramValues, quantilesOf } from './samples.ts'
import { fewestSamples, type HowCalibrated, quantiles, seeingOf } from './seeing.ts'
import { hearingOf, leastOf, times } from './ways.ts'
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
  const waysMs = times(run.ways)
  const playerEdge = quantiles(seeing, 'player to edge', waysMs, latency.playerEdge)
  const wayMs = leastOf(waysMs)
  // Where it is known what follows what, how late a process hears is no part of the way to it.
  const hearing = costs && waysMs.length >= fewestSamples && { awake: least.beside, idle: least.idle }
  const lags = costs ? lagsOf(run) : { planned: histogramValues(run.parts, 'fleet', 'lag_ms'), atOnce: [] }
  // Origins, edges and siblings are processes of one kind on one loopback.
  const seenUpstream = quantiles(seeing, 'edge to origin', run.upstreamWaysMs, latency.edgeOrigin)
  const upstream: Quantiles = hearing ? [[0, leastOf(run.upstreamWaysMs)]] : seenUpstream
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
      playerEdge: hearing ? [[0, wayMs]] : playerEdge,
    },
    cores: {
      ...otherwise.cores,
      hears: hearing ? hearingOf(run.ways, wayMs, hearing) : otherwise.cores.hears,
      pauses: costs?.pauses ?? {},
    },
    generator: {
      lagMs: quantiles(seeing, 'generator lag', costs ? lags.planned.filter(isGrain) : lags.planned, generator.lagMs),
      ...(lags.atOnce.length >= fewestSamples && {
        atOnceLagMs: quantilesOf(lags.atOnce.filter(isGrain), least.beside),
      }),
      actionMs: quantiles(seeing, 'actions', run.actionMs, generator.actionMs, { fewest: 1 }),
      edgeStartMs: quantiles(seeing, 'edge start', run.edgeStartMs, generator.edgeStartMs, { fewest: 1 }),
    },
  }
  return { calibration: calibrationSchema.parse(calibration), kept: seeing.kept }
}

/** Timers go off by the millisecond: what is later than that, the generator had something else to do. */
const isGrain = (lagMs: number): boolean => lagMs <= 1.1
