import { bytesOfProcess, memoryNeeded } from '../bulk/bulk.ts'
import { slices } from '../bulk/groups.ts'
import { checkInput, checkMemory } from '../plan/check-input.ts'
import { type Counted, countedOf, planRecordOf, type Shard, seriesOf } from '../plan/make-plan.ts'
import { PlanError } from '../plan/plan-error.ts'
import type { PlanInput } from '../plan/plan-input.ts'
import type { PlanRecord } from '../plan/plan-record.ts'
import type { InputMaker, Sweep, SweepPoint } from '../plan/sweep.ts'
import type { ValidationError } from '../plan/validation-error.ts'
import { originCostOf, ranked, switchesOff, type WhatIf } from '../plan/what-if.ts'
import { audienceOfInput, type Effort, quickEffort, worldOf } from '../plan/world-of.ts'
import { simulateInThreads } from './bulk-in-threads.ts'

// Plans as they are asked for: one, a sweep of them, or one for each switch.

export interface RunPlanOptions {
  readonly effort: Effort
  readonly error: ValidationError
  readonly threads: number
  readonly memoryBytes: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: PlanProgress) => void) | undefined
}

export interface PlanProgress {
  /** From 0 to 1 over everything that was asked for. */
  readonly done: number
  readonly doing: string
  /** What is simulated in the part that runs, ms. */
  readonly durationMs: number
}

type Part = { readonly from: number; readonly to: number; readonly name: string }

async function count(
  input: PlanInput,
  options: RunPlanOptions,
  part: Part,
  wanted?: readonly number[],
): Promise<Counted> {
  const world = worldOf(input, options.effort)
  const result = await simulateInThreads(world, {
    threads: options.threads,
    audience: audienceOfInput(input),
    signal: options.signal,
    ...(wanted ? { slices: wanted } : {}),
    onProgress: ({ done, doing }) => {
      const share = part.from + (part.to - part.from) * done
      options.onProgress?.({ done: share, doing: `${part.name}: ${doing}`, durationMs: input.durationMs })
      return true
    },
  })
  return countedOf(result)
}

/** Throws PlanError where the plan cannot be made, before anything is computed. */
function check(input: PlanInput, { effort, memoryBytes }: RunPlanOptions): void {
  checkInput(input)
  checkMemory(worldOf(input, effort), memoryBytes)
}

/** One plan, and the same with half the viewers to see what grows with them. */
export async function runPlan(make: InputMaker, options: RunPlanOptions, shard?: Shard): Promise<PlanRecord> {
  const input = make({})
  check(input, options)
  if (shard) {
    refuseBinding(input)
    const wanted = Array.from({ length: slices }, (_, slice) => slice).filter(
      slice => slice % shard.of === shard.index - 1,
    )
    const counted = await count(input, options, { from: 0, to: 1, name: `shard ${shard.index} of ${shard.of}` }, wanted)
    return planRecordOf(input, counted, undefined, options.error, shard)
  }
  const counted = await count(input, options, { from: 0, to: 0.7, name: 'the storm' })
  if (counted.partial) return planRecordOf(input, counted, undefined, options.error)
  const half = await count(
    halfOf(input),
    { ...options, effort: quickEffort },
    { from: 0.7, to: 1, name: 'half the viewers' },
  )
  return planRecordOf(input, counted, half.partial ? undefined : half, options.error)
}

const halfOf = (input: PlanInput): PlanInput => ({ ...input, viewers: Math.max(1, Math.round(input.viewers / 2)) })

/** Who is refused at a limit that all shards share would depend on all of them. */
function refuseBinding({ topology, event, policy }: PlanInput): void {
  const { originHolds, originNodes } = topology.capacities
  for (const region of topology.regions) {
    const sites = topology.classes.filter(one => one.region === region)
    const fillers = sites.reduce((sum, one) => sum + one.sites * (policy.designatedFill ? 1 : one.edgesPerSite), 0)
    const held = fillers * event.renditions.length
    if (held <= originHolds * originNodes) continue
    throw new PlanError([
      `the origin of ${region} may be asked to hold ${held} requests and can hold ${originHolds * originNodes}: who is refused depends on all shards together; plan it as a whole, or give the topology more originNodes`,
    ])
  }
}

export async function runSweep(
  make: InputMaker,
  { variable, values }: Sweep,
  options: RunPlanOptions,
): Promise<SweepPoint[]> {
  const inputs = values.map(value => variable.apply(make, value))
  const all = await countAll(
    inputs.map((input, i) => ({ name: `${variable.name} = ${values[i]}`, input })),
    options,
  )
  return all.flatMap((counted, i) => {
    if (counted === undefined) return []
    const input = inputs[i] as PlanInput
    const { figures } = planRecordOf(input, counted, undefined, options.error)
    const cost = originCostOf(counted.series, input.topology.regions)
    const value = values[i] as number
    return [{ value, figures, withoutSegment: cost.withoutSegment, originRequests: cost.requests }]
  })
}

/** Each switch off in turn. `base`: the record of the whole policy, made with the same effort. */
export async function runWhatIf(make: InputMaker, options: RunPlanOptions, base?: PlanRecord): Promise<WhatIf[]> {
  const input = make({})
  const { regions } = input.topology
  const whole = { name: 'nothing', policy: input.policy }
  const variants = [...(base ? [] : [whole]), ...switchesOff(input.policy)]
  const all = await countAll(
    variants.map(({ name, policy }) => ({ name: `without ${name}`, input: { ...input, policy } })),
    options,
  )
  const costs = all.flatMap((counted, i) => {
    const { name: off } = variants[i] as (typeof variants)[number]
    return counted === undefined ? [] : [{ off, cost: originCostOf(counted.series, regions) }]
  })
  if (base) costs.unshift({ off: whole.name, cost: originCostOf(seriesOf([base]), regions) })
  const known = costs.find(({ off }) => off === whole.name)
  return known ? ranked(known.cost, costs) : []
}

/**
 * Many plans that are compared with each other, as many at once as there are threads and as memory allows: one by one the
 * threads would wait for each plan's simulated sites. Undefined for what was ended before its time.
 */
async function countAll(
  plans: readonly { readonly name: string; readonly input: PlanInput }[],
  options: RunPlanOptions,
): Promise<(Counted | undefined)[]> {
  for (const { input } of plans) check(input, options)
  const most = Math.max(...plans.map(({ input }) => memoryNeeded(worldOf(input, options.effort)) - bytesOfProcess))
  const fit = Math.floor((options.memoryBytes - bytesOfProcess) / most)
  const atOnce = Math.max(1, Math.min(options.threads, plans.length, fit))
  const done = plans.map(() => 0)
  const results = plans.map((): Counted | undefined => undefined)
  const waiting = [...plans.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !options.signal?.aborted; next = waiting.shift()) {
      const [i, { name, input }] = next
      const onProgress = (progress: PlanProgress) => {
        done[i] = progress.done
        const all = done.reduce((sum, share) => sum + share, 0) / plans.length
        options.onProgress?.({ ...progress, done: all, doing: `${i + 1} of ${plans.length}, ${progress.doing}` })
      }
      const threads = Math.max(1, Math.floor(options.threads / atOnce))
      const counted = await count(input, { ...options, threads, onProgress }, { from: 0, to: 1, name })
      if (!counted.partial) results[i] = counted
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}
