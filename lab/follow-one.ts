import { segmentPath } from '../live/address.ts'
import type { LiveEvent } from '../live/event.ts'
import { requestIdField } from '../live/live-state.ts'
import { liveEdge } from '../live/template.ts'
import { now } from '../process/clock.ts'
import { follow, type Step } from '../results/explain/follow.ts'
import { type PlayerNote, readVariantLogs } from '../results/explain/logs.ts'
import { HarnessError } from './harness-error.ts'
import type { World } from './world.ts'

// One request of our own, followed: every process that it may pass keeps its decision log for a moment, and what the logs
// say of it is put together as `tidegate explain --request` does.

/** Longer than any wait of a request; the logs are ended as soon as the answer is there. */
const logForMs = 10_000
const answerWithinMs = 8_000

export interface Followed {
  readonly id: string
  readonly steps: readonly Step[]
}

export interface FollowOptions {
  readonly world: World
  readonly event: LiveEvent
  /** The edges of the site that is asked; the first one that lives gets the request. */
  readonly edges: readonly string[]
  readonly id: string
}

/** Asks an edge for the segment that is published next, and gives what became of it. Throws HarnessError. */
export async function followOne({ world, event, edges, id }: FollowOptions): Promise<Followed> {
  const asked = edges.find(edge => world.livingEdges.includes(edge))
  if (asked === undefined) throw new HarnessError('no edge lives that could be asked')
  const logging = [
    ...edges.filter(edge => world.livingEdges.includes(edge)).map(edge => world.control(edge)),
    ...world.origins.living(),
  ]
  await Promise.all(logging.map(control => control.post('/log', { forMs: logForMs })))
  const rendition = event.renditions[0]?.name as string
  const path = segmentPath(event.event, rendition, (liveEdge(event, now()) as number) + 1)
  const player = await ask(world.edgeUrl(asked), path, id, asked)
  // One that was killed meanwhile has no more to say.
  await Promise.allSettled(logging.map(control => control.post('/log', { forMs: 0 })))
  const lives = new Map(world.processes.logs.map(log => [log.name, log]))
  const passed = [...lives.values()].filter(({ role, name }) => role === 'origin' || edges.includes(name))
  const logs = await readVariantLogs(world.plan.folder, { logs: passed, actions: [] })
  return { id, steps: follow({ ...logs, players: [player] }, id) }
}

/** The request as a fleet would note it. */
async function ask(base: string, path: string, id: string, target: string): Promise<PlayerNote> {
  const plannedMs = now() as number
  const sentMs = now() as number
  const common = { id, path, target, plannedMs, sentMs }
  try {
    const response = await fetch(`${base}${path}`, {
      headers: { [requestIdField]: id },
      signal: AbortSignal.timeout(answerWithinMs),
    })
    const firstByteMs = now() as number
    const bytes = (await response.arrayBuffer()).byteLength
    return { ...common, firstByteMs, lastByteMs: now() as number, status: response.status, bytes }
  } catch (error) {
    const { message, cause } = error as Error
    return { ...common, lastByteMs: now() as number, failed: cause instanceof Error ? cause.message : message }
  }
}
