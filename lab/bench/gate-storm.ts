import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { liveEventSchema } from '../../live/event.ts'
import { expectedPublication } from '../../live/template.ts'
import { after, type EpochMs, type SegmentNumber } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import { liesInside } from '../../results/counted-segments.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import { eventThrough } from '../event-through.ts'
import { HarnessError } from '../harness-error.ts'
import { runScenario } from '../run.ts'
import { until } from '../wait.ts'

// The storm of bench:gate: short, small and whole, with one edge and an origin at a distance, so that what a player
// waits for is a time of its own and not this machine's mood alone. Two real changes of it: every body of the origin
// comes later, or somebody asks the origin for one segment once more.

/** What the origin is away: a continent. Every answer takes this long. */
export const distanceMs = 100
const durationMs = 3_000
const name = 'gate'

/** The storm with every body of the origin delayed by `addedMs` more. */
export const gateStorm = (addedMs: number): Scenario =>
  scenarioSchema.parse({
    name,
    shows: 'One edge between a few players and an origin at a distance, in three seconds.',
    seed: 20,
    durationMs,
    policies: ['oca'],
    event: {
      body: 'synthetic',
      segmentMs: 500,
      publishDelayMs: 200,
      longestHoldMs: 800,
      clockSlackMs: 300,
      backlogSegments: 6,
      pipelines: ['a'],
      renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000 }],
    },
    topology: { sites: [{ name: 'a', edges: 1 }] },
    fleet: {
      players: 20,
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: 300, share: 1 }],
      // Everybody asks for each segment once, shortly before it is published: what they wait is one thing.
      earlyPollers: { share: 1, everyMs: 5_000, aheadMs: 150 },
      clockError: { is: 'uniform', lowMs: -20, highMs: 20 },
    },
    actions: [{ atMs: 0, do: 'origin-slow', ms: distanceMs + addedMs, forMs: durationMs }],
    checks: [
      { policy: 'oca', figure: 'fills_per_segment_max', equals: 1 },
      { policy: 'oca', figure: 'wrong_bodies', equals: 0 },
    ],
  })

/** One real run. `out` is where its folder is made. */
export async function plainRun(addedMs: number, out: string): Promise<RunRecord> {
  const { record } = await runScenario(gateStorm(addedMs), { out, decisionLogs: false })
  return whole(record)
}

/** One real run in which the origin is asked for one segment once more than the edge asks. */
export async function extraFillRun(out: string): Promise<RunRecord> {
  const before = new Set(existsSync(out) ? readdirSync(out) : [])
  let extra: Promise<void> | undefined
  const { record } = await runScenario(gateStorm(0), {
    out,
    decisionLogs: false,
    onProgress: ({ doing }) => {
      // The storm has begun when its players are told of.
      if (!doing.includes('storm')) return
      extra ??= askOnceMore(join(out, readdirSync(out).find(folder => !before.has(folder)) ?? '', 'oca'), now())
    },
  })
  if (extra === undefined) throw new HarnessError('the storm was over before anybody could ask once more')
  await extra
  return whole(record)
}

/** What is read of the edge's configuration: where its origin is. */
const edgeSeen = z.object({ origins: z.array(z.object({ url: z.string() })).min(1) })

/** Asks the origin, as the edge would, for a segment that the edge has filled already. */
async function askOnceMore(folder: string, startedMs: EpochMs): Promise<void> {
  const { origins } = edgeSeen.parse(JSON.parse(readFileSync(join(folder, 'a1.config.json'), 'utf8')))
  const origin = (origins[0] as (typeof origins)[number]).url
  const event = liveEventSchema.parse(await eventThrough(origin, name))
  const [from, to] = [after(startedMs, 200), after(startedMs, durationMs - 200)]
  const first = Math.floor(((startedMs as number) - event.startMs) / event.segmentMs) + event.firstNumber
  const number = Array.from({ length: 20 }, (_, i) => first + i).find(one =>
    liesInside(event, one as SegmentNumber, from, to),
  )
  if (number === undefined) throw new HarnessError('no segment of this storm is counted')
  await until(after(expectedPublication(event, number as SegmentNumber), 250), new AbortController().signal)
  const answer = await fetch(`${origin}/live/${name}/v1/${number}.m4s`, { headers: { 'live-edge': '"a1";site="a"' } })
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new HarnessError(`the origin answered ${answer.status} to the extra request`)
}

function whole(record: RunRecord): RunRecord {
  if (record.partial) throw new HarnessError('a run of the benchmark was cut short')
  return record
}
