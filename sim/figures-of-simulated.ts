import { figuresOf } from '../results/figures.ts'
import { mergeByProcess } from '../results/merge-by-process.ts'
import type { Part } from '../results/record/part.ts'
import type { Scenario } from '../scenarios/schema.ts'
import type { Simulated } from './exact/simulate.ts'
import { figuresUnknownTo } from './leaves-out.ts'

// The figures of a simulated variant: those of a run, without what the model cannot know.

export function figuresOfSimulated(
  scenario: Scenario,
  simulated: Simulated,
): { readonly parts: Part[]; readonly figures: Record<string, number> } {
  const measured = { ...simulated, parts: mergeByProcess(simulated.parts) }
  const unknown: readonly string[] = figuresUnknownTo(scenario)
  const figures = Object.fromEntries(Object.entries(figuresOf(measured)).filter(([name]) => !unknown.includes(name)))
  return { parts: measured.parts, figures }
}
