import type { RunRecord, Variant } from '../record/record.ts'
import { renderSummary, renderTimeline } from '../render/explain-text.ts'
import { ExplainError } from './explain-error.ts'
import { follow } from './follow.ts'
import { readVariantLogs } from './logs.ts'
import { overIdeal } from './over-ideal.ts'

// `tidegate explain`: why the origin was asked more than once for a segment, or where one request went.

export interface ExplainOptions {
  /** The variant's name; every variant, or for a request the first that has it, when absent. */
  readonly policy?: string | undefined
  readonly request?: string | undefined
  readonly rows: number
}

/** The explanation as text; `folder` is the record's, where its logs lie. Throws ExplainError. */
export async function explain(record: RunRecord, folder: string, options: ExplainOptions): Promise<string> {
  const variants = record.variants.filter(({ name }) => options.policy === undefined || name === options.policy)
  if (variants.length === 0) {
    const names = record.variants.map(({ name }) => name).join(', ') || 'none'
    throw new ExplainError(`the record has no policy '${options.policy ?? ''}'; it has: ${names}`)
  }
  for (const { name, logs } of variants) {
    if (logs.length === 0) throw new ExplainError(`under ${name} no decision logs were kept; run without --no-log`)
  }
  if (options.request === undefined) {
    const texts: string[] = []
    for (const variant of variants) texts.push(await explainVariant(variant, folder, options.rows))
    return texts.join('\n')
  }
  return followIn(variants, folder, options.request)
}

async function explainVariant(variant: Variant, folder: string, rows: number): Promise<string> {
  const logs = await readVariantLogs(folder, variant)
  const origins = new Set(variant.logs.filter(({ role }) => role === 'origin').map(({ name }) => name))
  const summary = overIdeal(logs, origins, variant.startedMs)
  return renderSummary(variant.name, summary, { rows, incomplete: logs.incomplete })
}

async function followIn(variants: readonly Variant[], folder: string, id: string): Promise<string> {
  let missed: unknown
  for (const variant of variants) {
    const logs = await readVariantLogs(folder, variant)
    try {
      return renderTimeline(`${id} under ${variant.name}`, follow(logs, id), logs.incomplete)
    } catch (error) {
      if (!(error instanceof ExplainError)) throw error
      missed = error
    }
  }
  throw missed
}
