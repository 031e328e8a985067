import { median } from './hold.ts'

// What the rounds of `npm run bench:peers` add up to: figures by edge, and whether ours is behind any other.

/** What was seen of one edge, round by round. */
export interface EdgeRounds {
  /** Held requests: the waits of the clients of each round, ms. */
  readonly waits: readonly (readonly number[])[]
  /** Held requests without the segment as their answer. */
  readonly unheld: number
  /** Pollers: the last 404 after the publication, ms, and the origin's requests before it. */
  readonly last404s: readonly number[]
  readonly beforePublication: readonly number[]
  /** Leader fault: the origin's requests, and the clients that got something else than the segment. */
  readonly onFault: readonly number[]
  readonly faultFailures: readonly number[]
}

/** One figure of one edge: its value, and how far two of its rounds lie apart. */
interface Seen {
  readonly value: number
  readonly noise: number
}

type FigureName = (typeof figureNames)[number]
const figureNames = [
  'hold_added_ms_p50',
  'last_404_after_publication_ms',
  'origin_requests_before_publication',
  'origin_requests_on_leader_fault',
] as const

/** The figures of one edge; `direct` are the waits of the same clients straight at the origin. */
function seenOf(rounds: EdgeRounds, direct: readonly (readonly number[])[]): Partial<Record<FigureName, Seen>> {
  const waits = rounds.waits.filter(round => round.length > 0)
  const directMs = median(direct.flat())
  const all: Record<FigureName, Seen | undefined> = {
    hold_added_ms_p50:
      waits.length === 0
        ? undefined
        : { value: median(waits.flat()) - directMs, noise: middleHalf(waits.map(round => median(round))) },
    last_404_after_publication_ms: worst(rounds.last404s),
    origin_requests_before_publication: worst(rounds.beforePublication),
    origin_requests_on_leader_fault: worst(rounds.onFault),
  }
  return Object.fromEntries(Object.entries(all).filter(([, seen]) => seen !== undefined))
}

const worst = (values: readonly number[]): Seen | undefined =>
  values.length === 0 ? undefined : { value: Math.max(...values), noise: Math.max(...values) - Math.min(...values) }

/** From the first to the third quartile. */
function middleHalf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number
  return at(0.75) - at(0.25)
}

export interface PeersResult {
  readonly figures: Record<string, number>
  /** For people: where ours stands against the best of the others, a line for each figure. */
  readonly verdicts: readonly string[]
  /** A table in Markdown. */
  readonly table: string
}

/** @param edges ours, `oca`, among them */
export function peersResult(
  edges: ReadonlyMap<string, EdgeRounds>,
  direct: readonly (readonly number[])[],
): PeersResult {
  const seen = new Map([...edges].map(([name, rounds]) => [name, seenOf(rounds, direct)]))
  const figures: Record<string, number> = {}
  for (const figure of figureNames) {
    for (const [name, of] of seen) {
      const value = of[figure]?.value
      if (value === undefined) continue
      if (name === 'oca') figures[figure] = round(value)
      figures[`${figure}.${name}`] = round(value)
    }
  }
  for (const [name, { unheld, faultFailures }] of edges) {
    figures[`unheld.${name}`] = unheld
    figures[`failed_on_leader_fault.${name}`] = Math.max(0, ...faultFailures)
  }
  const verdicts = figureNames.flatMap(figure => verdict(figure, seen) ?? [])
  figures.oca_worse_than_best = verdicts.filter(({ worse }) => worse).length
  return { figures, verdicts: verdicts.map(({ line }) => line), table: table(edges, figures) }
}

/** Whether ours is worse than the best of the others by more than the wider noise of the two. */
function verdict(
  figure: FigureName,
  seen: ReadonlyMap<string, Partial<Record<FigureName, Seen>>>,
): { readonly worse: boolean; readonly line: string } | undefined {
  const ours = seen.get('oca')?.[figure]
  const others = [...seen].flatMap(([name, of]) => {
    const one = of[figure]
    return name === 'oca' || one === undefined ? [] : [{ name, ...one }]
  })
  const best = others.toSorted((a, b) => a.value - b.value)[0]
  if (ours === undefined || best === undefined) return undefined
  const noise = Math.max(ours.noise, best.noise)
  const worse = ours.value > best.value + noise
  const word = worse ? 'WORSE than' : ours.value < best.value - noise ? 'better than' : 'not worse than'
  const line = `${figure}: oca ${round(ours.value)} is ${word} the best other, ${best.name} ${round(best.value)} (noise ${round(noise)})`
  return { worse, line }
}

const heads: Readonly<Record<FigureName, string>> = {
  hold_added_ms_p50: 'held: added, p50, ms',
  last_404_after_publication_ms: 'polled: last 404 after publication, ms',
  origin_requests_before_publication: 'polled: origin requests before publication',
  origin_requests_on_leader_fault: 'leader fault: origin requests',
}

function table(edges: ReadonlyMap<string, EdgeRounds>, figures: Readonly<Record<string, number>>): string {
  const cell = (name: string) => String(figures[name] ?? '–')
  const rows = [...edges.keys()].map(name =>
    [name, ...figureNames.map(figure => cell(`${figure}.${name}`)), cell(`failed_on_leader_fault.${name}`)].join(' | '),
  )
  const head = ['edge', ...figureNames.map(figure => heads[figure]), 'leader fault: clients that failed']
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...rows.map(row => `| ${row} |`)].join('\n')
}

const round = (value: number): number => (Math.abs(value) < 100 ? Math.round(value * 100) / 100 : Math.round(value))
