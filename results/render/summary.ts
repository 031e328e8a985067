import type { Told } from './told.ts'

// A record without what its processes counted one by one: what a dashboard or a script wants of it.

const summarySchemaName = 'tidegate-summary/1'

function summaryOf({ record, gate }: Told): object {
  const { world, partial, scenario, seed, commit, environment } = record
  return {
    schema: summarySchemaName,
    world,
    partial,
    scenario,
    seed,
    commit,
    startedAt: environment.startedAt,
    variants: record.variants.map(({ name, figures, checks }) => ({ name, figures, checks })),
    ...(gate
      ? {
          gate: {
            outcome: gate.outcome,
            checksHeld: gate.checksHeld,
            comparisons: gate.comparisons,
            notes: gate.notes,
          },
        }
      : {}),
  }
}

/** JSON for people and programs. */
export const renderJson = (told: Told): string => `${JSON.stringify(summaryOf(told), null, 2)}\n`

/** The same as one line, to be added to a file of such lines. */
export const renderNdjson = (told: Told): string => `${JSON.stringify(summaryOf(told))}\n`
