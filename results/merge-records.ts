import { isDeepStrictEqual } from 'node:util'
import { liveEventSchema } from '../live/event.ts'
import { checkFigure, parseWant } from './checks.ts'
import { figuresOf } from './figures.ts'
import { mergeByProcess } from './merge-by-process.ts'
import { MergeError } from './record/merge.ts'
import type { Part } from './record/part.ts'
import type { RunRecord, Variant } from './record/record.ts'

// Records of shards of one run become the record of the whole: parts are merged, figures and checks made anew from them.

/** Throws MergeError when one shard is there twice: its counts would be added twice. */
export function refuseRepeatedShards(parts: readonly Part[]): void {
  const seen = new Set<string>()
  for (const { role, name, shard } of parts) {
    if (!shard) continue
    const key = `${role} ${name}, shard ${shard.index} of ${shard.of}`
    if (seen.has(key)) throw new MergeError(`${key} is there twice: merge each shard once`)
    seen.add(key)
  }
}

/**
 * One record that stands for all of `records`, which must be of the same scenario, seed and commit, and of the same
 * event by the clock. Throws MergeError.
 */
export function mergeRecords(records: readonly RunRecord[]): RunRecord {
  const [first, ...rest] = records
  if (first === undefined) throw new MergeError('there is nothing to merge: name at least one record')
  for (const other of rest) {
    mustAgree('scenario', first.scenario, other.scenario)
    mustAgree('seed', first.seed, other.seed)
    mustAgree('commit', first.commit, other.commit)
    mustAgree('world', first.world, other.world)
    mustAgree('set of policies', namesOf(first), namesOf(other))
  }
  return {
    ...first,
    partial: records.some(record => record.partial),
    variants: first.variants.map(variant =>
      mergeVariants(
        records.map(record => record.variants.find(other => other.name === variant.name)).filter(isPresent),
      ),
    ),
  }
}

const namesOf = (record: RunRecord): string[] => record.variants.map(variant => variant.name).sort()

const isPresent = <Value>(value: Value | undefined): value is Value => value !== undefined

function mustAgree(what: string, a: unknown, b: unknown): void {
  if (isDeepStrictEqual(a, b)) return
  throw new MergeError(
    `these are no shards of one run: the ${what} differs (${JSON.stringify(a)}, ${JSON.stringify(b)})`,
  )
}

function mergeVariants(variants: readonly Variant[]): Variant {
  const [first, ...rest] = variants as [Variant, ...Variant[]]
  for (const other of rest) mustAgree(`event of ${first.name}`, first.event.startMs, other.event.startMs)
  const all = variants.flatMap(variant => variant.parts)
  refuseRepeatedShards(all)
  const merged = {
    ...first,
    parts: mergeByProcess(all),
    actions: variants.flatMap(variant => variant.actions).sort((a, b) => a.atMs - b.atMs),
    startedMs: Math.min(...variants.map(variant => variant.startedMs)),
    endedMs: Math.max(...variants.map(variant => variant.endedMs)),
    logs: variants.flatMap(variant => variant.logs),
  }
  const figures = figuresOf({ ...merged, event: liveEventSchema.parse(first.event) })
  const checks = first.checks.map(check => checkFigure(figures, check.figure, parseWant(check.want)))
  return { ...merged, figures, checks }
}
