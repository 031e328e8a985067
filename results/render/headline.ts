import type { RunRecord, Variant } from '../record/record.ts'
import { formatNumber } from './format.ts'

// One sentence that says what a run showed.

/** The headline of `record`; of a partial one it claims no more than what was measured. */
export function headline(record: RunRecord): string {
  const measured = record.variants.filter(variant => variant.figures.origin_requests_per_s !== undefined)
  if (measured.length === 0) return seenByPlayers(record)
  const players = Math.max(...measured.map(variant => variant.figures.players ?? 0))
  const rates = measured.map(({ name, figures }, i) =>
    i === 0
      ? `${name} sent ${formatNumber(figures.origin_requests_per_s)} requests a second to the origin`
      : `${name} ${formatNumber(figures.origin_requests_per_s)}`,
  )
  // What Tidegate is for stands at the end, also where other edges were run behind it.
  const best = (measured.find(({ name }) => name === 'oca') ?? measured.at(-1)) as Variant
  const outcome = outcomeOf(best)
  const start =
    measured.length > 1 ? `At the same ${formatNumber(players)} players` : `At ${formatNumber(players)} players`
  return `${start}, ${enumeration(rates)}${outcome ? `; under ${best.name} ${outcome}` : ''}.`
}

/** Of edges that have an origin of their own. */
function seenByPlayers({ scenario, variants }: RunRecord): string {
  const seen = variants.filter(({ figures }) => figures.player_requests !== undefined)
  if (seen.length === 0) return `Scenario ${scenario.name}: nothing was measured.`
  const each = seen.map(({ name, figures }) => {
    const { players, player_requests: requests, early_404_seen: early, player_failures: failures } = figures
    return `${name} got ${formatNumber(requests)} requests of ${formatNumber(players)} players (${formatNumber(failures)} failed, ${formatNumber(early)} early 404s)`
  })
  return `Seen by the players alone, ${enumeration(each)}.`
}

const enumeration = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

function outcomeOf({ figures }: Variant): string {
  const fills = figures.fills_per_segment
  const early = figures.early_404_seen
  const filled =
    fills === undefined
      ? undefined
      : fills === 1 && figures.fills_per_segment_max === 1
        ? 'each site fetched each segment exactly once'
        : `each site fetched a segment ${formatNumber(fills)} times`
  const seen =
    early === undefined
      ? undefined
      : early === 0
        ? 'no player saw an early 404'
        : `players saw ${formatNumber(early)} early 404${early === 1 ? '' : 's'}`
  return [filled, seen].filter(words => words !== undefined).join(' and ')
}
