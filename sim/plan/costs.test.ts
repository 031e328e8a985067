import { expect, test } from 'vitest'
import { Series } from '../bulk/series.ts'
import { defaultCalibration } from '../default-calibration.ts'
import { loadInput } from '../node/load-plan.ts'
import { costNames, costsOf } from './costs.ts'
import { measures } from './measures.ts'
import { defaultTopology } from './topology-file.ts'

const measured = {
  ...defaultCalibration,
  origin: 'Measured on a machine of this test.',
  work: {
    ...defaultCalibration.work,
    originServe: {
      ...defaultCalibration.work.originServe,
      cpuMs: 0.42,
      cpuMsPerMib: 1.5,
      besideMs: [[0, 0] as [number, number]],
    },
  },
}

test('a cost is what the topology gives, else what a calibration has measured, else assumed; it says which', () => {
  const costs = costsOf({ originRequestMs: 0.08 }, measured)
  expect(costs.originRequestMs).toEqual({ value: 0.08, from: 'given', source: 'the topology' })
  expect(costs.originMsPerMib).toEqual({ value: 1.5, from: 'calibrated', source: measured.origin })
  // A calibration says nothing of the share of new connections.
  expect(costs.newConnectionShare.from).toBe('assumed')
  const assumed = costsOf({}, undefined)
  expect(costNames.map(name => assumed[name].from)).toEqual(costNames.map(() => 'assumed'))
})

test('the cores of an origin follow the calibration, unless the topology gives what a request costs', () => {
  const ladder = { v1: 0.5, v2: 0.5 }
  const coresWith = (costs: Partial<Record<'originRequestMs', number>>, calibration?: typeof measured): number => {
    const topology = { ...defaultTopology({ edges: 40, regions: ['eu'], ladder }), costs }
    const input = loadInput('kickoff', { viewers: 20_000, topology, calibration, ladder })({})
    const series = new Series(1, ['eu'])
    series.origin('origin.requests', 'eu')[0] = 1_000
    return measures.find(({ name }) => name === 'origin_cores')?.series(series, input, 'eu')[0] as number
  }
  const beside = 0.01 * defaultCalibration.work.tlsHandshake.cpuMs
  expect(coresWith({}, measured)).toBeCloseTo(0.42 + beside)
  expect(coresWith({ originRequestMs: 0.2 }, measured)).toBeCloseTo(0.2 + beside)
  expect(coresWith({})).toBeCloseTo(0.1 + 0.01)
})
