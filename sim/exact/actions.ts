import { newestNumbers } from '../../live/template.ts'
import { after, type EpochMs } from '../../live/units.ts'
import type { PipelineFaultChange } from '../../origin/core/pipeline-faults.ts'
import type { RecordedAction } from '../../results/faults.ts'
import type { Action } from '../../scenarios/schema.ts'
import { isStorageAction } from '../../scenarios/storage-action.ts'
import { Draws } from '../network/latency.ts'
import type { SimOrigin } from './origin.ts'
import { carryOutOnStorage } from './storage-actions.ts'
import type { ExactWorld } from './world.ts'

// What a scenario does in mid-run, in virtual time: the same commands to the same cores as lab/actions.ts sends to
// processes.

/** An action that the world cannot carry out as it stands; the message says why. */
export class ActionError extends Error {}

type Took = (at: EpochMs, detail?: Record<string, unknown>) => void

/** Puts every action of the scenario on the world's agenda; `tell` is called when one has taken effect. */
export function scheduleActions(world: ExactWorld, tell: (done: RecordedAction) => void): void {
  const { scenario, calibration } = world.plan
  const delay = new Draws(calibration.generator.actionMs, scenario.seed, 'actions')
  for (const action of scenario.actions) {
    const atMs = after(after(world.startMs, action.atMs), delay.next())
    world.agenda.at(atMs, now => {
      carryOut(world, action, now, (at, detail) => tell({ atMs: at, action: { ...action, ...detail } }))
    })
  }
}

function carryOut(world: ExactWorld, action: Action, now: EpochMs, took: Took): void {
  if (isStorageAction(action)) {
    carryOutOnStorage(world, action, now, took)
    return
  }
  switch (action.do) {
    case 'restart-edge':
    case 'kill-edge':
      killEdge(world, action, now, took)
      return
    case 'stall-encoder':
      changePipelines(world, action.pipeline, { stallForMs: action.forMs }, now)
      break
    case 'defects': {
      const { kind, ms, forMs } = action
      changePipelines(world, action.pipeline, { defects: { kind, ms, forMs } }, now)
      break
    }
    case 'lose-pipeline':
      changePipelines(
        world,
        action.pipeline,
        action.forMs === undefined ? { lost: true } : { lostForMs: action.forMs },
        now,
      )
      break
    case 'publish-delay':
      changePipelines(world, action.pipeline, { delay: { ms: action.ms, forMs: action.forMs } }, now)
      break
    case 'tear-puts':
      changePipelines(world, action.pipeline, { tearPuts: { forMs: action.forMs } }, now)
      break
    case 'raise-version':
      command(world, now, ({ core }) => core.raiseVersion())
      break
    case 'flush-edge':
      for (const edge of world.livingEdges) if ((action.edge ?? edge.name) === edge.name) edge.flush(now)
      break
    case 'mask': {
      const mask = { pipeline: action.pipeline, ...lastSegments(world, action.lastSegments, now) }
      command(world, now, origin => {
        const masked = origin.core.mask(mask, now)
        if (!masked.done) throw new ActionError(`mask at ${action.atMs} ms: ${masked.why}`)
        origin.apply(masked.effects, now)
      })
      break
    }
    case 'invalidate': {
      const { pipeline, region } = action
      const rule = {
        ...lastSegments(world, action.lastSegments, now),
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(region === undefined ? {} : { region }),
      }
      command(world, now, ({ core }) => core.invalidate(rule))
      break
    }
    case 'notify': {
      const { type, text } = action
      const notification = { type, atMs: Math.floor(now as number), ...(text === undefined ? {} : { text }) }
      command(world, now, ({ core }) => core.notify(notification))
      break
    }
    case 'shed':
      world.setFaults({ shed: action.on }, now)
      break
    case 'fleet-size':
      world.fleet.resize(action.players, now)
  }
  took(now)
}

/** What operators command, one origin is told; the others hear of it. */
function command(world: ExactWorld, now: EpochMs, tell: (origin: SimOrigin) => void): void {
  const origin = world.origins.commanded
  if (!origin) throw new ActionError('no origin lives that takes commands')
  tell(origin)
  origin.commanded(now)
}

function killEdge(
  world: ExactWorld,
  { edge: named, downMs }: Extract<Action, { do: 'restart-edge' | 'kill-edge' }>,
  now: EpochMs,
  took: Took,
): void {
  const edge = named === 'designated' ? world.designatedEdge : named
  world.killEdge(edge, now)
  took(now, { edge })
  if (downMs === undefined) return
  world.agenda.at(after(now, downMs), at => {
    world.reviveEdge(edge, at, backMs => took(backMs, { do: 'revive-edge', edge }))
  })
}

/** One pipeline, or all where none is named. */
function changePipelines(
  world: ExactWorld,
  named: string | undefined,
  change: PipelineFaultChange,
  now: EpochMs,
): void {
  for (const pipeline of world.pipelines) {
    if (named === undefined || pipeline.name === named) pipeline.changeFaults(change, now)
  }
}

function lastSegments(world: ExactWorld, count: number, now: EpochMs): { from: number; to: number } {
  const numbers = newestNumbers(world.plan.event, count, now)
  if (!numbers) throw new ActionError('there is no segment yet that a mask or an invalidation could name')
  return { from: numbers.from as number, to: numbers.to as number }
}
