import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { writeSection } from '../page-section.ts'
import { keep, nothingKept, type PlannedErrors, pageOf, parseKept, plannedErrorsOf, summaryOfKept } from './kept.ts'
import type { Validation } from './validation.ts'

// `--write`: what was found goes into results/validation.json, and from there into the pages that show it and into the
// bands of plans.

const root = new URL('../../', import.meta.url)
const keptFile = new URL('results/validation.json', root)
const plansFile = new URL('sim/plan/validation-error.json', root)

const pages = {
  validation: new URL('docs/validation.md', root),
  readme: new URL('README.md', root),
} as const

/** Rejects where a page has lost its marks. */
export async function writeValidation(validation: Validation): Promise<void> {
  const before = existsSync(keptFile) ? parseKept(JSON.parse(readFileSync(keptFile, 'utf8'))) : nothingKept
  const kept = keep(before, validation)
  await writeSection(pages.validation, 'validation', pageOf(kept))
  await writeSection(pages.readme, 'validation', summaryOfKept(kept))
  const errors = plannedErrorsOf(kept, JSON.parse(readFileSync(plansFile, 'utf8')) as PlannedErrors)
  writeFileSync(plansFile, `${JSON.stringify(errors, null, 2)}\n`)
  writeFileSync(keptFile, `${JSON.stringify(kept).replaceAll('{"level"', '\n{"level"')}\n`)
}
