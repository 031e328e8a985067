import { storageFigureDefinitions } from './storage-figure-definitions.ts'

// Every figure of a record: name, unit, kind and definition, in one table. docs/figures.md repeats it and a test keeps
// the two equal; `results/figures.ts` computes them.

/**
 * How a figure may be compared. `exact`: a count that the design fixes; any difference is a difference. `banded`: a
 * count or share that moves a little with timing from run to run. `timed`: depends on the machine; compared only in
 * pairs on one machine.
 */
type FigureKind = 'exact' | 'banded' | 'timed'

export interface FigureDefinition {
  readonly name: string
  readonly unit: '1' | 'share' | 'bytes' | 'bytes/s' | '1/s' | 'ms'
  readonly kind: FigureKind
  readonly definition: string
  /** Also emitted for each edge, as `name.edge`. */
  readonly perEdge?: true
}

const shareOf = (what: string): string => `Share of the players' segment requests at the edges that ${what}`

const asSaid = 'Of an edge that is not ours: as its answers say it to the players'

const words = { p50: 'median', p99: '99th percentile', max: 'maximum' } as const
type Statistic = keyof typeof words

const waits = <Name extends string>(name: Name, byte: string) =>
  (['p50', 'p99', 'max'] as const).map((statistic): FigureDefinition & { name: `${Name}_${Statistic}` } => ({
    name: `${name}_${statistic}`,
    unit: 'ms',
    kind: 'timed',
    definition: `From the later of a live segment's publication and the planned instant of the player's request to the ${byte} at the player: ${words[statistic]}.`,
  }))

export const figureDefinitions = [
  {
    name: 'segments_counted',
    unit: '1',
    kind: 'banded',
    definition: 'Combinations of rendition, number and site that the figures of segments are taken over.',
  },
  {
    name: 'fills_per_segment',
    unit: '1',
    kind: 'exact',
    definition: 'Complete 200 answers of the origin for a counted segment: mean over rendition, number and site.',
  },
  {
    name: 'fills_per_segment_max',
    unit: '1',
    kind: 'exact',
    definition: 'The same, maximum over rendition, number and site.',
  },
  {
    name: 'fills_per_segment_untouched_max',
    unit: '1',
    kind: 'exact',
    definition: 'The same, maximum over the counted segments that no fault of the run touched.',
  },
  {
    name: 'probes_per_segment',
    unit: '1',
    kind: 'banded',
    definition:
      'Every other request for the address of a counted segment that reached the origin: mean over rendition, number and site.',
  },
  {
    name: 'probes_per_segment_max',
    unit: '1',
    kind: 'banded',
    definition: 'The same, maximum over rendition, number and site.',
  },
  {
    name: 'early_404_seen',
    unit: '1',
    kind: 'exact',
    definition:
      "404 answers that players got on a segment address for a request that left the player after the segment's capture end, by the true clock.",
  },
  {
    name: 'wrong_bodies',
    unit: '1',
    kind: 'exact',
    definition:
      "Complete answers to players whose body is not the asked segment's, whole and unspliced; every body is verified.",
  },
  {
    name: 'origin_requests_before_publication',
    unit: '1',
    kind: 'exact',
    definition:
      'Requests for a counted segment that reached the origin before its publication: maximum over rendition, number and site.',
  },
  {
    name: 'last_404_after_publication_ms',
    unit: 'ms',
    kind: 'timed',
    definition:
      'From the publication of a counted segment to the last 404 that a player got for it: maximum over rendition and number, 0 where none came after.',
  },
  {
    name: 'hold_over_bound',
    unit: '1',
    kind: 'exact',
    definition:
      'Holds at the origin and waits at the edges that ended later than their bound and 100 ms; known of our own edges only.',
  },
  {
    name: 'hit_share',
    unit: 'share',
    kind: 'banded',
    perEdge: true,
    definition: `${shareOf('were answered at once from a stored copy')} (\`hit\`, \`stale-error\`, \`stale-updating\`). ${asSaid}; most call those hits, too, who waited for another's request.`,
  },
  {
    name: 'negative_hit_share',
    unit: 'share',
    kind: 'banded',
    perEdge: true,
    definition: `${shareOf('were answered from a stored negative answer')} (\`negative-hit\`). ${asSaid}: hits with a status of 400 or more.`,
  },
  {
    name: 'collapsed_share',
    unit: 'share',
    kind: 'banded',
    perEdge: true,
    definition: `${shareOf('waited for a request of somebody else')} (\`collapsed\`, \`lock-poll\`). ${asSaid}; only RFC 9211 has a word for it.`,
  },
  {
    name: 'refused_share',
    unit: 'share',
    kind: 'banded',
    perEdge: true,
    definition: `${shareOf('the edge refused by itself')} (every reason \`refused-…\`); known of our own edges only.`,
  },
  {
    name: 'origin_requests',
    unit: '1',
    kind: 'banded',
    definition: "Requests of all kinds at the origin's delivery listener.",
  },
  {
    name: 'origin_requests_per_s',
    unit: '1/s',
    kind: 'banded',
    definition: 'The same, by the length of the storm.',
  },
  {
    name: 'origin_segment_requests',
    unit: '1',
    kind: 'banded',
    definition: 'Requests for segment addresses at the origin.',
  },
  {
    name: 'origin_egress_bytes',
    unit: 'bytes',
    kind: 'banded',
    definition: 'Bytes that the origin sent at its delivery listener, heads included.',
  },
  {
    name: 'origin_egress_bytes_per_s',
    unit: 'bytes/s',
    kind: 'banded',
    definition: 'The same, by the length of the storm.',
  },
  { name: 'origin_held_max', unit: '1', kind: 'banded', definition: 'The most requests held at the origin at once.' },
  {
    name: 'dvr_shed',
    unit: '1',
    kind: 'banded',
    definition: 'Requests for DVR that the origin answered with the cacheable 503, to spare its store.',
  },
  ...waits('publication_to_first_byte_ms', 'first byte'),
  ...waits('publication_to_last_byte_ms', 'last byte'),
  {
    name: 'ttfb_ms_p50',
    unit: 'ms',
    kind: 'timed',
    definition: "From a player's request to its answer's first byte, all requests: median.",
  },
  {
    name: 'ttfb_ms_p99',
    unit: 'ms',
    kind: 'timed',
    definition: 'The same, 99th percentile.',
  },
  {
    name: 'startup_ms_p50',
    unit: 'ms',
    kind: 'timed',
    definition: "From a player's joining to its first picture: median.",
  },
  { name: 'rebuffers', unit: '1', kind: 'banded', definition: 'Times that a playing player ran out of buffer.' },
  { name: 'players_rebuffered', unit: '1', kind: 'banded', definition: 'Players that did so at least once.' },
  { name: 'players', unit: '1', kind: 'exact', definition: 'Players that joined.' },
  { name: 'player_requests', unit: '1', kind: 'banded', definition: 'Requests that players sent.' },
  {
    name: 'player_5xx',
    unit: '1',
    kind: 'banded',
    definition: 'Answers with a status of 500 or more that players got.',
  },
  {
    name: 'player_failures',
    unit: '1',
    kind: 'banded',
    definition: "Players' requests that ended without an answer: refused, reset, timed out.",
  },
  {
    name: 'generator_lag_ms_p50',
    unit: 'ms',
    kind: 'timed',
    definition: 'From the planned instant of a request to the call that sends it: median.',
  },
  { name: 'generator_lag_ms_p99', unit: 'ms', kind: 'timed', definition: 'The same, 99th percentile.' },
  {
    name: 'generator_kept_up',
    unit: '1',
    kind: 'timed',
    definition:
      '1 where `generator_lag_ms_p99` is under 20 ms, else 0: then the run is marked, and its times say more about the generator than about the caches.',
  },
  ...storageFigureDefinitions,
] as const satisfies readonly FigureDefinition[]

export type FigureName = (typeof figureDefinitions)[number]['name']

/** The definition of `figure`, which may carry an edge's name behind a dot; undefined for what no table defines. */
export function definitionOf(figure: string): FigureDefinition | undefined {
  const [name, edge] = figure.split('.')
  const found: FigureDefinition | undefined = figureDefinitions.find(definition => definition.name === name)
  return edge === undefined || found?.perEdge ? found : undefined
}
