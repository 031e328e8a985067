import { z } from 'zod'
import type { LiveEvent } from '../live/event.ts'
import { eventThrough } from './event-through.ts'
import { askUntil } from './wait.ts'

// What must have come about before a storm can begin: the backlog is published, and an edge of the user's fills from us.

/** What the lab reads of a pipeline's `GET /state`. */
const pipelineState = z.object({ targets: z.array(z.object({ backlogLeft: z.number(), inFlight: z.number() })) })

/** How long the pipelines may take to publish what lies before the storm. */
export const backlogWithinMs = 60_000
/** How long an edge that the user points at our origin may take until it answers with what that origin has. */
const pointedAtUsWithinMs = 120_000

/** Waits until `pipeline` has published everything that lies before the storm. Throws HarnessError. */
export async function backlogPublished(
  name: string,
  pipeline: { get(path: string): Promise<unknown> },
  signal: AbortSignal,
): Promise<void> {
  await askUntil(
    `the backlog of pipeline ${name}`,
    async () => {
      const { targets } = pipelineState.parse(await pipeline.get('/state'))
      return targets.every(({ backlogLeft, inFlight }) => backlogLeft + inFlight === 0) ? true : undefined
    },
    { everyMs: 50, withinMs: backlogWithinMs, signal },
  )
}

/** Waits until the edge at `url` answers with this run's event: only then it fills from `origin`. Throws HarnessError. */
export async function pointedAtUs(
  { url, origin, event }: { url: string; origin: string; event: LiveEvent },
  signal: AbortSignal,
): Promise<void> {
  await askUntil(
    `this run's /live/${event.event}/event.json through ${url} (its upstream must be ${origin})`,
    async () => {
      const seen = await eventThrough(url, event.event).catch(() => undefined) // not yet; the bound says when never
      return seen?.startMs === event.startMs ? true : undefined
    },
    { everyMs: 250, withinMs: pointedAtUsWithinMs, signal },
  )
}
