import type { LiveEvent } from '../live/event.ts'
import { newestNumbers } from '../live/template.ts'
import { after, type EpochMs } from '../live/units.ts'
import { now } from '../process/clock.ts'
import type { RecordedAction } from '../results/faults.ts'
import type { Action } from '../scenarios/schema.ts'
import { isStorageAction, type StorageAction } from '../scenarios/storage-action.ts'
import { HarnessError } from './harness-error.ts'
import { carryOutOnStorage } from './storage-actions.ts'
import { until } from './wait.ts'

// What a scenario does in mid-run, through the control listeners of the processes.

interface Commanded {
  post(path: string, body?: object): Promise<unknown>
}

/** What actions act upon: the processes of a variant. */
export interface ActedUpon {
  readonly plan: { readonly event: LiveEvent }
  readonly regions: readonly string[]
  readonly origins: {
    /** The one that takes operators' commands. */
    readonly commanded: Commanded
    living(region?: string): readonly Commanded[]
    kill(region: string): Promise<void>
    revive(region: string, signal: AbortSignal): Promise<void>
  }
  readonly storage: {
    /** Gives the node's name. */
    killNode(region: string, node: number): Promise<string>
    reviveNode(region: string, node: number): Promise<void>
    loseDataCentre(region: string): Promise<void>
    restoreDataCentre(region: string): Promise<void>
    killCaches(server: number | undefined): Promise<void>
    reviveCaches(server: number | undefined): Promise<void>
  }
  control(name: string): Commanded
  pipeline(name: string): Commanded
  readonly livingEdges: readonly string[]
  readonly designatedEdge: string
  /** Why an action is not possible here, for people; undefined when it is. */
  cannot(action: Action): string | undefined
  killEdge(edge: string): Promise<void>
  reviveEdge(edge: string, signal: AbortSignal): Promise<void>
}

/**
 * Carries out `actions` at their instants after `startMs` and tells of each when it took effect. What an action must
 * undo later (an edge that comes back) is part of it. What is not possible with these edges is told with the reason, as
 * `skipped`. Rejects when `signal` aborts or a command is refused.
 */
export async function carryOut(
  actions: readonly Action[],
  world: ActedUpon,
  { startMs, signal, tell }: { startMs: EpochMs; signal: AbortSignal; tell: (done: RecordedAction) => void },
): Promise<void> {
  await Promise.all(
    actions.map(async action => {
      await until(after(startMs, action.atMs), signal)
      const skipped = world.cannot(action)
      if (skipped !== undefined) return tell({ atMs: now(), action: { ...action, skipped } })
      await carryOutOne(action, world, {
        signal,
        took: detail => tell({ atMs: now(), action: { ...action, ...detail } }),
        later: ms => until((now() as number) + ms, signal),
      })
    }),
  )
}

/** What an action that lasts needs. */
export interface Acting {
  readonly signal: AbortSignal
  /** Reports that it took effect; `detail` says what a general name meant in this run. */
  took(detail?: Record<string, unknown>): void
  /** Resolves so long after now; rejects when the storm is over before. */
  later(ms: number): Promise<void>
}

async function carryOutOne(action: Action, world: ActedUpon, acting: Acting): Promise<void> {
  const { signal, took, later } = acting
  if (isStorageAction(action)) return carryOutOnStorage(action, world, acting)
  switch (action.do) {
    case 'restart-edge':
    case 'kill-edge': {
      const edge = action.edge === 'designated' ? world.designatedEdge : action.edge
      await world.killEdge(edge)
      took({ edge })
      if (action.downMs === undefined) return
      await later(action.downMs)
      await world.reviveEdge(edge, signal)
      took({ do: 'revive-edge', edge })
      return
    }
    default:
      await carryOutAtOnce(action, world)
      took()
  }
}

type Lasting = StorageAction | Extract<Action, { do: 'restart-edge' | 'kill-edge' }>

/** Actions that one command to one or several processes carries out. */
async function carryOutAtOnce(action: Exclude<Action, Lasting>, world: ActedUpon): Promise<void> {
  switch (action.do) {
    case 'stall-encoder':
      return pipelines(world, action.pipeline, { stallForMs: action.forMs })
    case 'defects':
      return pipelines(world, action.pipeline, { defects: { kind: action.kind, ms: action.ms, forMs: action.forMs } })
    case 'lose-pipeline':
      return pipelines(
        world,
        action.pipeline,
        action.forMs === undefined ? { lost: true } : { lostForMs: action.forMs },
      )
    case 'publish-delay':
      return pipelines(world, action.pipeline, { delay: { ms: action.ms, forMs: action.forMs } })
    case 'tear-puts':
      return pipelines(world, action.pipeline, { tearPuts: { forMs: action.forMs } })
    case 'raise-version':
      return command(world, '/version', {})
    case 'flush-edge': {
      const edges = action.edge === undefined ? world.livingEdges : [action.edge]
      await Promise.all(edges.map(edge => world.control(edge).post('/flush')))
      return
    }
    case 'mask':
      return command(world, '/mask', { pipeline: action.pipeline, ...lastSegments(world, action.lastSegments) })
    case 'invalidate': {
      const { pipeline, region } = action
      return command(world, '/invalidate', { ...lastSegments(world, action.lastSegments), pipeline, region })
    }
    case 'notify':
      return command(world, '/notify', { type: action.type, text: action.text })
    case 'shed':
      await Promise.all(world.origins.living().map(origin => origin.post('/faults', { shed: action.on })))
      return
    case 'fleet-size':
      await world.control('fleet').post('/fleet', { players: action.players })
      return
  }
}

async function command(world: ActedUpon, path: string, body: object): Promise<void> {
  await world.origins.commanded.post(path, body)
}

/** One pipeline, or all where none is named. */
async function pipelines(world: ActedUpon, pipeline: string | undefined, faults: object): Promise<void> {
  const names = pipeline === undefined ? world.plan.event.pipelines : [pipeline]
  await Promise.all(names.map(name => world.pipeline(name).post('/faults', faults)))
}

/** The numbers of the newest `count` segments. */
function lastSegments(world: ActedUpon, count: number): { from: number; to: number } {
  const numbers = newestNumbers(world.plan.event, count, now())
  if (!numbers) throw new HarnessError('there is no segment yet that a mask or an invalidation could name')
  return { from: numbers.from as number, to: numbers.to as number }
}
