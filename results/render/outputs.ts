import { renderJunit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import { renderPrometheus } from './prometheus.ts'
import { renderJson, renderNdjson } from './summary.ts'
import type { Told } from './told.ts'

// Every form that a record can be written in, by the name that the command line has for it.

export const outputs = {
  junit: renderJunit,
  markdown: renderMarkdown,
  json: renderJson,
  ndjson: renderNdjson,
  prometheus: renderPrometheus,
} as const satisfies Record<string, (told: Told) => string | Promise<string>>

export type OutputName = keyof typeof outputs
export const outputNames = Object.keys(outputs) as OutputName[]
