// Every metric of our own that a process exports, once: process/metrics.ts makes them from this table, and a test keeps
// docs/observability.md equal to it. What prom-client exports of the process itself (`process_…`, `nodejs_…`, with the
// event loop's delay) comes beside them.

export type MetricRole = 'edge' | 'origin' | 'pipeline' | 'fleet'

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Beside `role` and `name`, which every series has. */
  readonly labels: readonly string[]
  readonly roles: readonly MetricRole[]
  readonly help: string
}

export const metricDefinitions = {
  tidegate_requests_total: {
    type: 'counter',
    labels: ['status', 'reason'],
    roles: ['edge', 'origin', 'pipeline', 'fleet'],
    help: 'Requests that have ended, by status and reason; those that a pipeline or fleet made, where it is one',
  },
  tidegate_request_duration_seconds: {
    type: 'histogram',
    labels: [],
    roles: ['edge', 'origin'],
    help: 'From the arrival of a request to the end of its answer, waits and holds included',
  },
  tidegate_bytes_sent_total: {
    type: 'counter',
    labels: [],
    roles: ['edge', 'origin', 'pipeline'],
    help: 'Bytes of answers, or of segments put; the origin counts heads as well',
  },
  tidegate_connections: {
    type: 'gauge',
    labels: ['listener'],
    roles: ['edge', 'origin'],
    help: 'Connections that are open now',
  },
  tidegate_stored_bytes: {
    type: 'gauge',
    labels: [],
    roles: ['edge', 'origin'],
    help: 'Bytes of bodies that are kept now',
  },
  tidegate_access_log_dropped_lines_total: {
    type: 'counter',
    labels: [],
    roles: ['edge', 'origin'],
    help: 'Lines that the access log lacks: its limit was met, or the disk did not take them',
  },
  tidegate_fills_total: {
    type: 'counter',
    labels: ['upstream', 'reason'],
    roles: ['edge'],
    help: 'Requests made upstream, by whom they went to (origin, sibling) and why',
  },
  tidegate_collapsed_total: {
    type: 'counter',
    labels: [],
    roles: ['edge'],
    help: 'Requests that joined a fill which another one had begun',
  },
  tidegate_waiters: {
    type: 'gauge',
    labels: [],
    roles: ['edge'],
    help: 'Requests that wait for a fill now',
  },
  tidegate_evictions_total: {
    type: 'counter',
    labels: [],
    roles: ['edge'],
    help: 'Copies that made room for others',
  },
  tidegate_held: {
    type: 'gauge',
    labels: [],
    roles: ['origin'],
    help: 'Requests that are held until their segment is published, now',
  },
  tidegate_publishes_total: {
    type: 'counter',
    labels: ['reason'],
    roles: ['origin'],
    help: 'PUTs of packagers that have ended, by reason',
  },
  tidegate_over_bound_total: {
    type: 'counter',
    labels: [],
    roles: ['edge', 'origin'],
    help: 'Waits (edge) or holds (origin) that ended more than 100 ms after their bound',
  },
  tidegate_guarded_total: {
    type: 'counter',
    labels: ['action', 'why'],
    roles: ['edge', 'origin'],
    help: 'Connections and requests that a limit of the listener refused, or closed',
  },
  tidegate_store_operations_total: {
    type: 'counter',
    labels: ['tier', 'what'],
    roles: ['origin'],
    help: 'What the store was asked for and what came of it (reads, writes, retries, …), by tier; origin: by the origin itself',
  },
  tidegate_store_read_seconds: {
    type: 'gauge',
    labels: ['quantile'],
    roles: ['origin'],
    help: 'How long reads of bodies took, so far',
  },
  tidegate_store_write_seconds: {
    type: 'gauge',
    labels: ['quantile'],
    roles: ['origin'],
    help: 'How long it took until bodies were durable, so far',
  },
  tidegate_limiting: {
    type: 'gauge',
    labels: [],
    roles: ['origin'],
    help: '1 while DVR is shed because too many reads of the store are slow',
  },
  tidegate_feed_followers: {
    type: 'gauge',
    labels: [],
    roles: ['origin'],
    help: 'Processes that follow this one now',
  },
  tidegate_feeds_lost: {
    type: 'gauge',
    labels: [],
    roles: ['origin'],
    help: 'Processes that this one should follow and does not hear now',
  },
  tidegate_put_seconds: {
    type: 'gauge',
    labels: ['quantile'],
    roles: ['pipeline'],
    help: 'How long PUTs took, so far',
  },
  tidegate_players: {
    type: 'gauge',
    labels: [],
    roles: ['fleet'],
    help: 'Players that are there now',
  },
  tidegate_in_flight: {
    type: 'gauge',
    labels: [],
    roles: ['fleet'],
    help: 'Requests that have not ended',
  },
  tidegate_bytes_received_total: {
    type: 'counter',
    labels: [],
    roles: ['fleet'],
    help: 'Bytes of bodies that arrived at players',
  },
  tidegate_wrong_bodies_total: {
    type: 'counter',
    labels: [],
    roles: ['fleet'],
    help: 'Complete answers whose body was not what was asked for',
  },
  tidegate_rebuffers_total: {
    type: 'counter',
    labels: [],
    roles: ['fleet'],
    help: 'Times that a player ran out of media',
  },
  tidegate_time_to_first_byte_seconds: {
    type: 'gauge',
    labels: ['quantile'],
    roles: ['fleet'],
    help: 'From sending a request to the first byte of its answer, so far',
  },
  tidegate_lag_seconds: {
    type: 'gauge',
    labels: ['quantile'],
    roles: ['fleet'],
    help: 'From the planned instant of a request to its sending, so far: how well the generator keeps up',
  },
} as const satisfies Record<string, MetricDefinition>

export type MetricName = keyof typeof metricDefinitions
