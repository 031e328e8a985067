import type { LiveEvent } from '../live/event.ts'
import type { EpochMs } from '../live/units.ts'
import { edgeNames } from '../scenarios/references.ts'
import type { Scenario } from '../scenarios/schema.ts'
import type { NamedPolicy } from './policies.ts'

// The configuration of each process of a run, from the scenario alone.

export interface SiteUrls {
  readonly site: string
  /** Base URLs of the edges' players' listeners. */
  readonly edges: readonly string[]
}

/** Names a process's decision log inside the variant's folder. */
export const logFileOf = (name: string): string => `${name}.decisions.ndjson`

export interface CommonConfig {
  readonly name: string
  readonly seed: number
  /** Absent: no decision log. */
  readonly decisionLog?: string
}

export const originConfig = (
  common: CommonConfig,
  scenario: Scenario,
  event: LiveEvent,
  { host, port, backlogUntilMs }: { host: string; port: number; backlogUntilMs: EpochMs },
) => ({
  ...common,
  host,
  region: scenario.topology.regions[0],
  deliveryPort: port,
  publishPort: 0,
  event,
  store: { is: 'memory' },
  backlogUntilMs,
})

export const pipelineConfig = (
  common: CommonConfig,
  scenario: Scenario,
  event: LiveEvent,
  { pipeline, publishTo }: { pipeline: string; publishTo: readonly string[] },
) => ({
  ...common,
  pipeline,
  event,
  publishTo,
  backlogSegments: scenario.event.backlogSegments,
  publishJitter: scenario.pipelines.publishJitter,
})

export const edgeConfig = (
  common: CommonConfig,
  event: LiveEvent,
  { site, port, origin, policy }: { site: string; port: number; origin: string; policy: NamedPolicy },
) => ({
  ...common,
  site,
  port,
  origin,
  events: [event.event],
  preset: policy.preset,
  switches: policy.switches,
})

export const fleetConfig = (
  common: CommonConfig,
  scenario: Scenario,
  event: LiveEvent,
  {
    sites,
    startMs,
    requestBudget,
  }: { sites: readonly SiteUrls[]; startMs: EpochMs; requestBudget?: number | undefined },
) => ({
  ...common,
  ...(requestBudget === undefined ? {} : { requestBudget }),
  fleet: scenario.fleet,
  event,
  eventName: event.event,
  sites,
  startMs,
  durationMs: scenario.durationMs,
  shard: { index: 1, of: 1 },
  workers: scenario.fleet.workers,
  lab: true,
})

/** Every edge of a scenario with its site. */
export const edgesOf = (scenario: Scenario): { readonly edge: string; readonly site: string }[] =>
  scenario.topology.sites.flatMap(({ name, edges }) => edgeNames(name, edges).map(edge => ({ edge, site: name })))
