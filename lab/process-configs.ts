import type { LiveEvent } from '../live/event.ts'
import type { EpochMs } from '../live/units.ts'
import type { StoreConfig } from '../origin/store/store-config.ts'
import type { OriginRole } from '../scenarios/origin-places.ts'
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
  event: LiveEvent,
  { host, region, role, store, follow, deliveryPort, publishPort, controlPort, backlogUntilMs }: OriginSettings,
) => ({
  ...common,
  host,
  region,
  role,
  deliveryPort,
  publishPort,
  controlPort,
  event,
  store,
  follow,
  backlogUntilMs,
})

export interface OriginSettings {
  readonly host: string
  readonly region: string
  readonly role: OriginRole
  readonly store: StoreConfig
  readonly follow: readonly { readonly region: string; readonly url: string }[]
  readonly deliveryPort: number
  readonly publishPort: number
  readonly controlPort: number
  readonly backlogUntilMs: EpochMs
}

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

export interface EdgeSettings {
  readonly site: string
  readonly port: number
  /** In the order of preference. */
  readonly origins: readonly { readonly region: string; readonly url: string }[]
  readonly policy: NamedPolicy
}

export const edgeConfig = (common: CommonConfig, event: LiveEvent, { site, port, origins, policy }: EdgeSettings) => ({
  ...common,
  site,
  port,
  origins,
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
