import type { Scenario } from './schema.ts'

// Single fields of a scenario that somebody says instead of its file: on the command line (`--set`), on a page.

export interface Setting {
  /** From the scenario's root, as `['topology', 'sites', 0, 'edges']`. */
  readonly path: readonly (string | number)[]
  /** Plain data. */
  readonly value: unknown
}

/** `scenario` with `settings`, the last one winning; whether that is a scenario still is for its schema to say. */
export const withSettings = (scenario: Scenario, settings: readonly Setting[]): Scenario =>
  settings.reduce((changed, { path, value }) => changedAt(changed, path, value) as Scenario, scenario)

function changedAt(node: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(node) && typeof step === 'number') {
    const copy: unknown[] = [...node]
    copy[step] = changedAt(copy[step], rest, value)
    return copy
  }
  const before = typeof node === 'object' && node !== null ? (node as Record<string, unknown>) : {}
  return { ...before, [step]: changedAt(before[step], rest, value) }
}

/** As `--set` takes it: `topology.sites.0.edges=3`; the value is JSON, which is YAML, too. */
export const settingText = ({ path, value }: Setting): string => `${path.join('.')}=${JSON.stringify(value)}`
