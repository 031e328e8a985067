import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { limits } from '../live/limits.ts'
import type { Ms } from '../live/units.ts'
import { listen, urlOf } from './control.ts'
import { checkRequest } from './http-guards.ts'
import { type MetricDefinition, type MetricName, type MetricRole, metricDefinitions } from './metric-names.ts'

// Metrics for Prometheus, on a listener of their own because Prometheus asks without a token. What a process counts
// anyway is read when somebody asks; only durations are observed as they happen.

/** One series of a metric: the values of its labels, in the order of its definition, and what it stands at. */
export type Sample = readonly [...labels: (string | number)[], value: number]
/** What a process reads off itself for one scrape. A metric that is missing has no series. */
export type Reading = Partial<Record<MetricName, number | readonly Sample[]>>

export interface MetricsOptions {
  readonly role: MetricRole
  /** Name of the process. */
  readonly name: string
  readonly host: string
  readonly port: number
  read(): Reading | Promise<Reading>
}

export interface ProcessMetrics {
  /** Of the listener; `/metrics` is all that it has. */
  readonly url: string
  /** How long a request took (roles with `tidegate_request_duration_seconds`). */
  observe(durationMs: Ms): void
  close(): Promise<void>
}

/** Bounds of durations, s: a hit is in the first ones; 3, 3.5, 4 and 5 are the bounds of hold, sibling, waiter, player. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 3.5, 4, 5, 10]

/** Scrapers are few: Prometheus, its twin, and a person with curl. */
const maxConnections = 16

/** Starts the metrics listener of a process; resolves when it listens. */
export async function listenForMetrics(options: MetricsOptions): Promise<ProcessMetrics> {
  const registry = new Registry()
  registry.setDefaultLabels({ role: options.role, name: options.name })
  collectDefaultMetrics({ register: registry })
  const exported = new ExportedMetrics(options, registry)
  const server = createServer(
    { headersTimeout: limits.headersTimeoutMs, requestTimeout: limits.putTimeoutMs },
    (request, response) => {
      answer(exported, request, response).catch((error: Error) => {
        process.stderr.write(`tidegate: ${options.name}: metrics: ${error.stack}\n`)
        say(response, 500, `${error.message}\n`)
      })
    },
  )
  server.maxConnections = maxConnections
  await listen(server, options.port, options.host)
  return {
    url: urlOf(server),
    observe: durationMs => exported.observe(durationMs),
    async close() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
      registry.clear()
    },
  }
}

/** The metrics of one role, made from the table. */
class ExportedMetrics {
  readonly #options: MetricsOptions
  readonly #registry: Registry
  readonly #read = new Map<MetricName, Counter | Gauge>()
  #durations: Histogram | undefined
  #scrape: Promise<string> | undefined

  constructor(options: MetricsOptions, registry: Registry) {
    this.#options = options
    this.#registry = registry
    for (const [name, definition] of Object.entries(metricDefinitions) as [MetricName, MetricDefinition][]) {
      if (definition.roles.includes(options.role)) this.#make(name, definition)
    }
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  observe(durationMs: Ms): void {
    this.#durations?.observe((durationMs as number) / 1_000)
  }

  /** The text of a scrape; those who ask meanwhile get the same. */
  text(): Promise<string> {
    this.#scrape ??= this.#collect().finally(() => {
      this.#scrape = undefined
    })
    return this.#scrape
  }

  #make(name: MetricName, { type, labels, help }: MetricDefinition): void {
    const about = { name, help, labelNames: labels, registers: [this.#registry] }
    if (type === 'histogram') this.#durations = new Histogram({ ...about, buckets: durationBuckets })
    else this.#read.set(name, type === 'counter' ? new Counter(about) : new Gauge(about))
  }

  async #collect(): Promise<string> {
    const reading = await this.#options.read()
    for (const [name, metric] of this.#read) {
      metric.reset()
      const value = reading[name]
      if (typeof value === 'number') metric.inc(value)
      else for (const sample of value ?? []) metric.inc(labelsOf(name, sample), sample.at(-1) as number)
    }
    return this.#registry.metrics()
  }
}

const labelsOf = (name: MetricName, sample: Sample): Record<string, string | number> =>
  Object.fromEntries(metricDefinitions[name].labels.map((label, index) => [label, sample[index] as string | number]))

async function answer(exported: ExportedMetrics, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refusal = checkRequest(request)
  if (refusal) say(response, refusal.status, `${refusal.detail}\n`)
  else if (request.url !== '/metrics') say(response, 404, 'there is only /metrics here\n')
  else say(response, 200, await exported.text(), exported.contentType)
}

function say(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    // What follows a request that was refused may be read as anything.
    ...(status === 200 ? {} : { connection: 'close' }),
  })
  response.end(text)
}
