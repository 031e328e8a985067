import type { Variant } from './record/record.ts'

// Checks of a scenario against the figures of a variant. What a check wants is kept in the record as text that can be
// read back, so that checks can be made again on merged records.

export type CheckResult = Variant['checks'][number]

/** The part of a scenario's check that says what must hold; several conditions must hold together. */
export interface Condition {
  readonly equals?: number | undefined
  readonly atMost?: number | undefined
  readonly atLeast?: number | undefined
}

const signs = { equals: '=', atMost: '<=', atLeast: '>=' } as const
const order = ['equals', 'atMost', 'atLeast'] as const

/** `<= 2`, `>= 1 and <= 3`: what `condition` wants. */
export const formatWant = (condition: Condition): string =>
  order.flatMap(name => (condition[name] === undefined ? [] : [`${signs[name]} ${condition[name]}`])).join(' and ')

/** The inverse of `formatWant`. Throws RangeError for another text. */
export function parseWant(want: string): Condition {
  const condition: Record<string, number> = {}
  for (const term of want.split(' and ')) {
    const match = /^(=|<=|>=) (\S+)$/.exec(term)
    const name = order.find(key => signs[key] === match?.[1])
    const value = Number(match?.[2])
    if (name === undefined || !Number.isFinite(value)) throw new RangeError(`'${want}' is no condition of a check`)
    condition[name] = value
  }
  return condition
}

/** The outcome of one check; a figure that nobody emitted does not hold. */
export function checkFigure(
  figures: Readonly<Record<string, number>>,
  figure: string,
  condition: Condition,
): CheckResult {
  const got = figures[figure]
  const want = formatWant(condition)
  if (got === undefined) return { figure, want, got: null, outcome: 'not-emitted' }
  const { equals, atMost, atLeast } = condition
  const holds =
    (equals === undefined || got === equals) &&
    (atMost === undefined || got <= atMost) &&
    (atLeast === undefined || got >= atLeast)
  return { figure, want, got, outcome: holds ? 'held' : 'failed' }
}

/** Whether every check of every variant held. */
export const allHeld = (variants: readonly Pick<Variant, 'checks'>[]): boolean =>
  variants.every(variant => variant.checks.every(check => check.outcome === 'held'))
