import { memoryNeeded } from '../bulk/bulk.ts'
import type { BulkWorld } from '../bulk/layout.ts'
import { rungsOf } from './columns.ts'
import { PlanError } from './plan-error.ts'
import type { PlanInput } from './plan-input.ts'

// Numbers that each may be, but not together: refused with what would be right, before anything is computed.

/** Memory that a plan may take, unless a limit is given: what a small virtual machine has. */
export const defaultMemoryBytes = 1_000_000_000

/** Throws PlanError. */
export function checkInput(input: PlanInput): void {
  const problems = [...audienceProblems(input), ...timeProblems(input), ...nameProblems(input)]
  if (problems.length > 0) throw new PlanError(problems)
}

function audienceProblems({ viewers, topology, curve }: PlanInput): string[] {
  const edges = topology.classes.reduce((sum, one) => sum + one.sites * one.edgesPerSite, 0)
  const problems: string[] = []
  if (edges > viewers) {
    problems.push(
      `${edges} edges for ${viewers} viewers: an edge needs a viewer at least; give more viewers or fewer edges`,
    )
  }
  if (curve && curve.length < 2) problems.push('a viewer curve needs two points at least: the beginning and the end')
  const backwards = curve?.findIndex((point, i) => i > 0 && point.second <= (curve[i - 1]?.second ?? 0)) ?? -1
  if (backwards > 0)
    problems.push(`row ${backwards + 2} of the viewer curve does not come after the one before: sort it by second`)
  return problems
}

function timeProblems({ durationMs, event, faults }: PlanInput): string[] {
  const problems: string[] = []
  const { segmentMs, dvrWindowMs } = event
  if (durationMs < segmentMs) {
    problems.push(
      `a window of ${durationMs} ms is shorter than a segment of ${segmentMs} ms: plan for one segment at least`,
    )
  }
  if (dvrWindowMs < segmentMs) {
    problems.push(`a DVR window of ${dvrWindowMs} ms is shorter than a segment of ${segmentMs} ms: make it longer`)
  }
  for (const fault of faults) {
    if ((fault.atMs as number) < 0) problems.push(`${fault.do} comes before the storm: atMs counts from its start`)
  }
  return problems
}

function nameProblems({ event, ladder, topology, faults }: PlanInput): string[] {
  const problems: string[] = []
  const rungs = rungsOf(event.renditions).map(({ name }) => name)
  const named = [ladder, ...topology.classes.map(one => one.ladder)].flatMap(shares => Object.keys(shares ?? {}))
  for (const rung of new Set(named)) {
    if (!rungs.includes(rung)) problems.push(`the ladder has no rung '${rung}'; there are: ${rungs.join(', ')}`)
  }
  for (const { name, region } of topology.classes) {
    if (!topology.regions.includes(region)) {
      problems.push(
        `class '${name}' is in region '${region}', which has no origin; there are: ${topology.regions.join(', ')}`,
      )
    }
  }
  for (const fault of faults) {
    if (fault.do !== 'lose-region') continue
    if (!topology.regions.includes(fault.region)) {
      problems.push(`lose-region names '${fault.region}'; there are: ${topology.regions.join(', ')}`)
    } else if (topology.regions.length < 2)
      problems.push('lose-region needs another region to go to: name two at least')
  }
  return problems
}

/** Throws PlanError where `world` would need more memory than `limitBytes`. */
export function checkMemory(world: BulkWorld, limitBytes: number): void {
  const needed = memoryNeeded(world)
  if (needed <= limitBytes) return
  const mib = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`
  throw new PlanError([
    `this plan needs about ${mib(needed)} and may take ${mib(limitBytes)}: raise --memory, plan a shorter time, or give fewer classes of sites or rungs`,
  ])
}
