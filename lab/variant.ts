import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { now } from '../process/clock.ts'
import { checkFigure } from '../results/checks.ts'
import { figuresOf } from '../results/figures.ts'
import { mergeByProcess } from '../results/merge-by-process.ts'
import type { Variant } from '../results/record/record.ts'
import { everyPolicy } from '../scenarios/references.ts'
import type { Scenario } from '../scenarios/schema.ts'
import type { Contender } from './contenders.ts'
import type { ProcessSource } from './processes.ts'
import { rehearse } from './rehearsal.ts'
import { type AuditOutcome, auditAcknowledged, auditPart } from './storage/audit.ts'
import { type Storm, type StormOptions, startFleet, storm, storming } from './storm.ts'
import { type PlanOptions, planFor } from './variant-plan.ts'
import { WarmProcesses } from './warm-processes.ts'
import { World } from './world.ts'

// One variant: the scenario with one policy of ours or one other edge, from the start of its processes to the figures.

export interface VariantOptions extends PlanOptions, StormOptions {
  /** Of the run; the variant has a folder of its own name in it. */
  readonly folder: string
  /** Its processes play a short storm before, so that they are warm (rehearsal.ts). */
  readonly rehearse: boolean
}

export interface VariantOutcome {
  readonly variant: Variant
  /** True when the storm was ended before its time. */
  readonly partial: boolean
  /** What the reader must know of how it came about. */
  readonly remarks: readonly string[]
  /** Processes whose counts are not in the record. */
  readonly missing: readonly string[]
}

/** Runs `scenario` with `contender`. Throws HarnessError when a process fails; none is left behind in any case. */
export async function runVariant(
  scenario: Scenario,
  contender: Contender,
  options: VariantOptions,
): Promise<VariantOutcome> {
  const folder = join(options.folder, contender.folder)
  mkdirSync(folder, { recursive: true })
  const warm = new WarmProcesses()
  try {
    // An edge that runs already is the user's: it gets no more requests than were asked for.
    if (options.rehearse && contender.is !== 'url') await rehearse(scenario, contender, { ...options, folder, warm })
    return await stormed(scenario, contender, options, { folder, source: warm.rehearsed })
  } finally {
    await warm.close()
  }
}

async function stormed(
  scenario: Scenario,
  contender: Contender,
  options: VariantOptions,
  { folder, source }: { readonly folder: string; readonly source: ProcessSource },
): Promise<VariantOutcome> {
  const { name } = contender
  const { plan, own } = await planFor(scenario, contender, options, folder)
  const world = new World({ ...plan, source })
  try {
    let step = 0
    await world.start(doing => options.tell(doing, 0.04 * ++step), options.signal)
    options.tell('starting the fleet', 0.16)
    const startMs = await startFleet(world, options.signal)
    const outcome = await storm(world, startMs, options)
    options.tell('gathering what was counted', storming.to)
    const { parts, missing } = await world.processes.gather()
    const audited = outcome.partial ? undefined : await afterTheStorm(world, options)
    const measured = {
      parts: mergeByProcess(audited ? [...parts, auditPart(audited)] : parts),
      event: await world.eventNow(),
      startedMs: startMs as number,
      endedMs: outcome.endedMs as number,
      actions: outcome.actions.map(({ atMs, action }) => ({ atMs: atMs as number, action })),
    }
    const figures = figuresOf(measured)
    const checks = scenario.checks
      .filter(check => check.policy === name || check.policy === everyPolicy)
      .map(check => checkFigure(figures, check.figure, check))
    const logs = world.processes.logs.map(log => ({ ...log, file: `${contender.folder}/${log.file}` }))
    return {
      variant: { name, policy: own, figures, checks, logs, ...measured },
      partial: outcome.partial,
      remarks: [
        ...missing.map(process => `under ${name}, ${process} died and left no counts`),
        ...remarksOn(outcome, name, options.requestBudget),
        ...lossesOf(audited, name),
      ],
      missing,
    }
  } finally {
    options.tell('stopping the processes', 0.98)
    await world.stop()
  }
}

/** Mends what actions have broken, then reads back what was acknowledged; undefined where no origin is ours. */
async function afterTheStorm(world: World, { tell, signal }: VariantOptions): Promise<AuditOutcome | undefined> {
  const { event, origin } = world.plan
  if (origin === undefined) return undefined
  tell('mending what was broken', storming.to)
  await world.makeWhole(signal)
  tell('reading back what was acknowledged', storming.to)
  return auditAcknowledged({
    event,
    pipelines: event.pipelines.map(pipeline => world.pipeline(pipeline)),
    originOf: target => world.origins.publishingAt(target),
    now: now(),
  })
}

const namedLosses = 5

/** Each lost segment is named; of many, the first. */
function lossesOf(audited: AuditOutcome | undefined, name: string): string[] {
  const lost = audited?.named ?? []
  const more = lost.length > namedLosses ? [`under ${name}, ${lost.length - namedLosses} more were lost`] : []
  return [...lost.slice(0, namedLosses).map(one => `under ${name}, acknowledged and lost: ${one}`), ...more]
}

/** What the reader must know of how a storm went. */
function remarksOn({ actions, budgetSpentMs }: Storm, name: string, budget: number | undefined): string[] {
  const skipped = actions.filter(({ action }) => action.skipped !== undefined)
  const spent = `under ${name}, the budget of ${budget} requests was spent after ${Math.round((budgetSpentMs ?? 0) / 100) / 10} s, and the storm ended there`
  return [
    ...skipped.map(
      ({ action }) =>
        `under ${name}, ${action.do} at ${action.atMs} ms is not possible with this edge: ${action.skipped}`,
    ),
    ...(budgetSpentMs === undefined ? [] : [spent]),
  ]
}
