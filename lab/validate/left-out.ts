// What of two twins is not compared, and why. Everything else that both worlds tell is (docs/decisions/040).

interface LeftOut {
  /** Of a figure, or of a count as `tier.name` (lab/validate/told-by-run.ts). */
  readonly names: RegExp
  readonly why: string
}

/** The table shows these. */
export const leftOut: readonly LeftOut[] = [
  {
    names: /^generator_(lag_ms_p\d+|kept_up)$/,
    why: 'the lag of the generator is what calibration gives the simulator: it is no prediction',
  },
  {
    names: /_ms_max$|^last_404_after_publication_ms$/,
    why: 'a maximum is one value, that of the most disturbed request, and no interval can be said of it',
  },
  { names: /^publish_ms_p90$/, why: 'it lies between the two percentiles that are compared' },
  {
    names:
      /^acknowledged$|^origins\.(publishes\.reason\.accepted|store_writes)$|^pipelines\.(puts|puts\.status\.201|bytes_sent)$/,
    why: 'pipelines publish before, during and after the storm: how long before and after is the machine’s',
  },
  {
    names: /^origins\.(store\.(lsm|memcached|cassandra|s3)\.|limiter\.(reads|slow_reads)$|store_states_saved$|feed\.)/,
    why: 'the inside of a store, of its clients and of the feed between origins: the simulated store has none of it',
  },
  { names: /\.cpu_ms$/, why: 'the CPU time of processes is what calibration takes from the machine' },
  {
    names: /^read_retries$|^origins\.store\.visible_retries$/,
    why: 'retries and hedges are the drivers’ own, and not simulated',
  },
]

/** Counts that say what a figure says, and are compared as that. */
const saidByFigure: Readonly<Record<string, string>> = {
  'players.requests': 'player_requests',
  'players.players_joined': 'players',
  'players.rebuffers': 'rebuffers',
  'players.players_rebuffered': 'players_rebuffered',
  'players.early_404_seen': 'early_404_seen',
  'players.wrong_bodies': 'wrong_bodies',
  'origins.requests': 'origin_requests',
  'origins.requests.segment': 'origin_segment_requests',
  'origins.bytes_sent': 'origin_egress_bytes',
  'origins.held_max': 'origin_held_max',
  'origins.store_reads': 'store_reads',
}

/** Why `name` is not compared; undefined: it is. */
export const whyLeftOut = (name: string): string | undefined => {
  const said = saidByFigure[name]
  return said === undefined ? leftOut.find(({ names }) => names.test(name))?.why : `it is compared as ${said}`
}
