import { GateError } from '../../results/gate/outcome.ts'
import type { RunRecord, Variant } from '../../results/record/record.ts'

// How to run again what a record shows: the arguments of `tidegate run` that give the same scenario and variants.

/** Our numbering of what was named twice (lab/contenders.ts). */
const repetition = / \(\d+\)$/

/**
 * The arguments behind `tidegate run` for the variants of `record`, with `scenarioFile`, the scenario as it was run.
 * Paths of configurations are as they were given, so that each side of a pair reads the file of its own checkout.
 * Throws GateError for what cannot be run again.
 */
export function invocationOf(record: RunRecord, scenarioFile: string): string[] {
  if (record.world !== 'real') throw new GateError('a simulated record has no times to pair: gate it without --against')
  if (record.variants.length === 0) throw new GateError('the record has no variants: there is nothing to run again')
  const warmth = record.environment.rehearsed ? [] : ['--no-rehearsal']
  return ['run', scenarioFile, ...warmth, ...record.variants.flatMap(argumentsOf)]
}

function argumentsOf(variant: Variant): string[] {
  if (!variant.name.startsWith('edge:')) return ['--policy', variant.name.replace(repetition, '')]
  const { edge, variant: of, configFile } = variant.policy
  if (typeof edge !== 'string') throw new GateError(`the record does not say which edge ${variant.name} is`)
  if (URL.canParse(edge) && edge.startsWith('http')) {
    throw new GateError(`${edge} runs by itself: there is no older one to pair it with`)
  }
  if (typeof configFile === 'string') return ['--edge', `${edge}:${configFile}`]
  const named = typeof of === 'string' && of !== 'stock' ? `${edge}:${of}` : edge
  return ['--edge', named]
}
