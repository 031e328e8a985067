import Table from 'cli-table3'

// The evolution in one table: a row for each store, with and without the tier.

const columns = {
  'publish p50 idle': 'publish_p50_idle_ms',
  'p50 storm/quiet': 'publish_p50_storm_over_quiet',
  'publish p90 idle': 'publish_p90_idle_ms',
  'p90 storm/quiet': 'publish_p90_storm_over_quiet',
  'over 500 ms': 'writes_over_500_ms',
  'database reads': 'database_reads_in_storm',
  'CPU left': 'cpu_left_in_storm',
  'read-your-writes p99': 'read_your_writes_ms_p99',
  'Gbit/s': 'delivery_gbit_s',
  'CPU ms/GB': 'delivery_cpu_ms_per_gb',
} as const

const shares: ReadonlySet<string> = new Set(['database_reads_in_storm', 'cpu_left_in_storm'])

/** From `figure.store` to a table for people. */
export function printEvolution(figures: Readonly<Record<string, number>>): string {
  const stores = new Set(Object.keys(figures).flatMap(name => name.split('.')[1] ?? []))
  const shown = Object.entries(columns).filter(([, figure]) =>
    [...stores].some(store => `${figure}.${store}` in figures),
  )
  const table = new Table({ head: ['store', ...shown.map(([title]) => title)], style: { head: [], border: [] } })
  for (const store of stores) {
    const cells = shown.map(([, figure]) => format(figure, figures[`${figure}.${store}`]))
    table.push([store.replace('_', ' + '), ...cells])
  }
  return `${table.toString()}\n`
}

function format(figure: string, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  return shares.has(figure) ? `${(100 * value).toFixed(1)} %` : value.toFixed(value < 10 ? 2 : 0)
}
