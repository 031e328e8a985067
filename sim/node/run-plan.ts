import { slices } from '../bulk/groups.ts'
import { checkInput, checkMemory } from '../plan/check-input.ts'
import { type Counted, countedOf, planRecordOf, type Shard } from '../plan/make-plan.ts'
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
  for (const input of inputs) check(input, options)
  const points: SweepPoint[] = []
  for (const [i, input] of inputs.entries()) {
    const value = values[i] as number
    const part = { from: i / inputs.length, to: (i + 1) / inputs.length, name: `${variable.name} = ${value}` }
    const counted = await count(input, options, part)
    if (counted.partial) break
    const { figures } = planRecordOf(input, counted, undefined, options.error)
    const cost = originCostOf(counted.series, input.topology.regions)
    points.push({ value, figures, withoutSegment: cost.withoutSegment, originRequests: cost.requests })
  }
  return points
}

export async function runWhatIf(make: InputMaker, options: RunPlanOptions): Promise<WhatIf[]> {
  const input = make({})
  check(input, options)
  const { regions } = input.topology
  const variants = [{ name: 'nothing', policy: input.policy }, ...switchesOff(input.policy)]
  const costs: { off: string; cost: ReturnType<typeof originCostOf> }[] = []
  for (const [i, { name, policy }] of variants.entries()) {
    const part = { from: i / variants.length, to: (i + 1) / variants.length, name: `without ${name}` }
    const counted = await count({ ...input, policy }, options, part)
    if (counted.partial) break
    costs.push({ off: name, cost: originCostOf(counted.series, regions) })
  }
  const [base] = costs
  return base ? ranked(base.cost, costs) : []
}
