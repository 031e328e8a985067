import { formatNumber } from '../../results/render/format.ts'
import {
  allowedError,
  type Comparison,
  type ComparisonKind,
  errorOf,
  isExceeded,
  type Level,
  levels,
} from './comparison.ts'
import { largestError } from './validation.ts'

// Comparisons as Markdown, which is what a terminal, docs/validation.md and README show.

/** What each level holds against what, in words. */
const levelWords: Readonly<Record<Level, string>> = {
  V0: 'closed forms against the simulator',
  V1: 'decision logs of real processes against their replay',
  V2: 'real runs against their simulated twins',
  V3: 'real runs of other scenarios against the simulator, calibrated on `kickoff` alone',
  V4: 'exact mode against bulk mode',
  V5: 'the real nginx against the simulated preset `nginx`',
}

const kindWords: Readonly<Record<ComparisonKind, string>> = {
  count: 'counts',
  p50_wait: 'p50 waits',
  p99_wait: 'p99 waits',
  mean_wait: 'mean waits',
}

/** `held`: within the goal. `noise`: over it, by no more than what is trusted differs from itself. */
export const verdictOf = (comparison: Comparison): 'held' | 'noise' | 'exceeded' => {
  if (isExceeded(comparison)) return 'exceeded'
  return errorOf(comparison) > comparison.goal ? 'noise' : 'held'
}

/** `0.42 %`: errors are small, and 0.5 % is a goal. */
const percent = (fraction: number): string => `${Number((fraction * 100).toFixed(2))} %`

/** A row for each comparison, in their order. */
export function tableOf(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(comparison => {
    const { level, scenario, variant, figure, trusted, predicted, n, interval } = comparison
    const verdict = verdictOf(comparison)
    const error = `${percent(errorOf(comparison))} of ${percent(allowedError(comparison))}`
    const between = interval ? ` (${interval.map(formatNumber).join(' to ')})` : ''
    return rowOf([
      level,
      variant === undefined ? scenario : `${scenario}, ${variant}`,
      `\`${figure}\``,
      `${formatNumber(trusted)}${between}`,
      formatNumber(predicted),
      error,
      n > 0 ? formatNumber(n) : '–',
      verdict === 'exceeded' ? '**exceeded**' : verdict,
    ])
  })
  const head = ['level', 'scenario', 'figure', 'trusted', 'predicted', 'error of allowed', 'n', 'verdict']
  return [rowOf(head), rowOf(head.map(() => '---')), ...rows, ...notesOf(comparisons)].join('\n')
}

/** Why some differ, each once. */
function notesOf(comparisons: readonly Comparison[]): string[] {
  const notes = comparisons.filter(({ note }) => note !== undefined)
  if (notes.length === 0) return []
  const said = new Map<string, string[]>()
  for (const { note, scenario, variant, figure } of notes) {
    const where = [scenario, variant, `\`${figure}\``].filter(Boolean).join(', ')
    said.set(note as string, [...(said.get(note as string) ?? []), where])
  }
  return ['', ...[...said].map(([note, where]) => `- ${where.join('; ')}: ${note}`)]
}

/** A row for each level. */
export function summaryOf(comparisons: readonly Comparison[]): string {
  const rows = levels.flatMap(level => {
    const own = comparisons.filter(comparison => comparison.level === level)
    if (own.length === 0) return []
    const kinds = [...new Set(own.map(({ kind }) => kind))]
    const largest = kinds.map(kind => `${kindWords[kind]} ${percent(largestError(own, kind) as number)}`)
    return [
      rowOf([level, levelWords[level], String(own.length), largest.join(', '), String(own.filter(isExceeded).length)]),
    ]
  })
  const head = ['level', 'what is held against what', 'comparisons', 'largest error', 'exceeded']
  return [rowOf(head), rowOf(head.map(() => '---')), ...rows].join('\n')
}

/** A row for each scenario and variant: how many of each kind are exceeded, of how many. */
export function scenariosOf(comparisons: readonly Comparison[]): string {
  const kinds = [...new Set(comparisons.map(({ kind }) => kind))]
  const titleOf = ({ scenario, variant }: Comparison) => (variant === undefined ? scenario : `${scenario}, ${variant}`)
  const rows = [...new Set(comparisons.map(titleOf))].map(title => {
    const own = comparisons.filter(comparison => titleOf(comparison) === title)
    const cells = kinds.map(kind => {
      const ofKind = own.filter(comparison => comparison.kind === kind)
      return ofKind.length === 0 ? '–' : `${ofKind.filter(isExceeded).length} of ${ofKind.length}`
    })
    return rowOf([title, ...cells])
  })
  const head = ['scenario', ...kinds.map(kind => `${kindWords[kind]} exceeded`)]
  return [rowOf(head), rowOf(head.map(() => '---')), ...rows].join('\n')
}

const rowOf = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
