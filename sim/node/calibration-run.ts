import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { OnProgress } from '../../lab/progress.ts'
import { runScenario } from '../../lab/run.ts'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import { type CalibrationRun, readRuns } from './read-runs.ts'

// The short real runs that calibrations are measured from.

/** How many players a calibration has, how large the bodies of their highest rung are, and who asks too early. */
interface Load {
  readonly policies: readonly string[]
  readonly players: number
  readonly bitsPerSecond: number
  readonly earlyPollers?: NonNullable<Scenario['fleet']['earlyPollers']>
}

/** Nothing queues, so that a time is that of the work itself. */
const quiet: Load = { policies: ['oca'], players: 40, bitsPerSecond: 6_000_000 }
/** As busy as a scenario, the origin as well: what processes cost once they are warm. */
export const storm: Load = { policies: ['none', 'oca'], players: 300, bitsPerSecond: 1_200_000 }
/** The same with large bodies and few requests, and with many requests and hardly a body: what each costs of itself. */
export const contrasts: readonly Load[] = [
  { policies: ['none', 'oca'], players: 80, bitsPerSecond: 8_000_000 },
  {
    policies: ['none', 'oca'],
    players: 120,
    bitsPerSecond: 400_000,
    earlyPollers: { share: 1, everyMs: 100, aheadMs: 2_000 },
  },
]

/** The scenario of such a run. */
export const calibratingScenario = ({ policies, players, bitsPerSecond, earlyPollers }: Load): Scenario =>
  scenarioSchema.parse({
    name: 'calibration',
    shows: 'short: what one request costs',
    durationMs: 9_000,
    policies,
    event: {
      // The pipelines count their whole life: a backlog, put all at once, would stand for every PUT.
      backlogSegments: 1,
      renditions: [
        { name: 'v1', kind: 'video', bitsPerSecond: 400_000 },
        { name: 'v2', kind: 'video', bitsPerSecond },
        { name: 'a1', kind: 'audio', bitsPerSecond: 96_000 },
      ],
    },
    topology: { sites: [{ name: 'a', edges: 2 }] },
    fleet: { players, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 4_000, share: 1 }], earlyPollers },
    actions: [
      ...[1_000, 2_000, 3_000, 4_000].map(atMs => ({ atMs, do: 'notify' as const, type: 'calibration' })),
      { atMs: 5_000, do: 'restart-edge', edge: 'a2', downMs: 500 },
    ],
  })

/** Runs the scenario and reads its logs; nothing of it is left behind. */
export async function runForCalibration(
  onProgress: OnProgress,
  signal: AbortSignal,
  load: Load = quiet,
): Promise<CalibrationRun> {
  const out = mkdtempSync(join(tmpdir(), 'tidegate-calibration-'))
  try {
    const { record, recordFile } = await runScenario(calibratingScenario(load), {
      out,
      rehearse: true,
      onProgress,
      signal,
    })
    if (record.variants.length === 0 || record.partial) throw new Error('the run was ended before its time')
    return await readRuns([{ record, folder: dirname(recordFile) }])
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
