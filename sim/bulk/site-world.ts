import { siblingBoundMs } from '../../edge/core/plan.ts'
import type { EdgePolicy } from '../../edge/core/policy.ts'
import { type Address, parseAddress } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { after, type Bytes, between, type EpochMs, type Ms } from '../../live/units.ts'
import { Agenda } from './agenda.ts'
import type { BulkFault, Fate } from './faults.ts'
import type { Latencies } from './layout.ts'
import type { Rows, UpstreamRequest } from './rows.ts'
import { SiteEdge } from './site-edge.ts'
import type { SentFetch } from './site-edge-io.ts'
import { type FaultyWorld, SiteFaults } from './site-faults.ts'
import { type OriginSetup, SiteOrigin } from './site-origin.ts'

// A site or a few like it in virtual time, with the edges that a site of their kind has and the origins of all regions:
// the real cores, asked by a few hundred viewers who stand for all. What is decided here is then spread over every site of
// the fate. Several sites show what is a matter of chance for each: whether somebody asked just before a herd came.

export interface SiteWorldSetup {
  readonly event: LiveEvent
  readonly policy: EdgePolicy
  readonly seed: number
  readonly startMs: EpochMs
  readonly beginsMs: EpochMs
  readonly sites: number
  /** Of each site. */
  readonly edges: number
  readonly fate: Fate
  readonly regions: readonly string[]
  readonly faults: readonly BulkFault[]
  readonly latencies: Latencies
  readonly publishJitter: OriginSetup['publishJitter']
  readonly storeBytes: Bytes
  readonly fillBitsPerSecond: number
}

/** Requests that are each asker's own: they do not collapse. */
const ownReasons: ReadonlySet<string> = new Set([
  'fill-unlocked',
  'fill-uncacheable',
  'pass-no-cache',
  'pass-method',
  'lock-timeout',
])

export class SiteWorld implements FaultyWorld {
  readonly agenda: Agenda
  /** Of all sites. */
  readonly edges: readonly SiteEdge[]
  /** By site. */
  readonly sites: readonly (readonly SiteEdge[])[]
  /** By rendition and number: when the first origin had it. */
  readonly published = new Map<string, EpochMs>()
  /** By region. */
  readonly origins = new Map<string, SiteOrigin>()
  /** The region whose origin the sites ask. */
  serving: string
  readonly #setup: SiteWorldSetup
  /** What counts requests upstream now. */
  rows: Rows | undefined
  /** What one asker of a request that is each asker's own weighs. */
  weightOfOwn = 1

  constructor(setup: SiteWorldSetup) {
    const { event, policy, seed, regions, publishJitter, latencies, fate } = setup
    this.#setup = setup
    this.serving = fate.region
    this.agenda = new Agenda(setup.beginsMs)
    const published = (rendition: string, number: number, atMs: EpochMs) => {
      const name = `${rendition}/${number}`
      if (!this.published.has(name)) this.published.set(name, atMs)
    }
    for (const region of regions) {
      const origin = { region, event, seed, publishJitter, publishMs: latencies.publishMs }
      this.origins.set(region, new SiteOrigin(origin, this.agenda, published))
    }
    const bodyMs = (bytes: number): Ms => (bytes * 8_000) / setup.fillBitsPerSecond
    const common = { event: event.event, policy, bodyMs, storeBytes: setup.storeBytes }
    const edgeOf = (site: string, place: number): SiteEdge =>
      new SiteEdge(
        { ...common, site, name: `${site}e${place + 1}` },
        this.agenda,
        { send: (from, fetch) => this.#send(from, fetch) },
        from => this.learn(from),
      )
    this.sites = Array.from({ length: setup.sites }, (_, site) =>
      Array.from({ length: setup.edges }, (_, place) => edgeOf(`s${site + 1}`, place)),
    )
    this.edges = this.sites.flat()
    for (const edge of this.edges) this.introduce(edge)
    new SiteFaults(this, setup).arrange()
  }

  edgeNamed(name: string): SiteEdge {
    return this.edges.find(edge => edge.name === name) as SiteEdge
  }

  get origin(): SiteOrigin {
    return this.origins.get(this.serving) as SiteOrigin
  }

  /** Tells an edge that has just begun of the event and its siblings. */
  introduce(edge: SiteEdge): void {
    const { now } = this.agenda
    edge.apply(edge.core.learn(this.origin.core.eventConfig(), now))
    const site = this.sites.find(one => one.includes(edge)) as readonly SiteEdge[]
    edge.core.siblings({ edges: site.map(({ name }) => name) }, now)
    for (const other of site) if (other !== edge) edge.core.siblingAlive(other.name, other.alive, now)
  }

  /** An edge asks for `event.json`. */
  learn(edge: SiteEdge): void {
    const travelMs = 2 * (this.#setup.latencies.originMs as number)
    this.agenda.at(after(this.agenda.now, travelMs), () => {
      const { now } = this.agenda
      const { event } = this.#setup
      if (this.origin.away) return edge.core.learnFailed(event.event, now)
      edge.forgetVerdicts()
      edge.apply(edge.core.learn(this.origin.core.eventConfig(), now))
    })
  }

  // Requests upstream

  #send(from: SiteEdge, fetch: SentFetch): void {
    const request = this.#note(from, fetch)
    const { latencies } = this.#setup
    const toOrigin = fetch.plan.upstream.is === 'origin'
    const travelMs = toOrigin ? latencies.originMs : latencies.siblingMs
    const back = (act: () => void) => this.agenda.at(after(this.agenda.now, travelMs), act)
    const failed = () =>
      back(() => {
        request.status = -1
        request.answeredMs = this.agenda.now
        fetch.failed()
      })
    const answered = (answer: Parameters<SentFetch['answered']>[0]) =>
      back(() => {
        request.status = answer.head.status
        request.answeredMs = this.agenda.now
        fetch.answered(answer)
      })
    this.agenda.at(after(this.agenda.now, travelMs), () => {
      if (toOrigin) this.#askOrigin(from, fetch, request, answered, failed)
      else this.#askSibling(from, fetch, answered, failed)
    })
  }

  #askOrigin(
    from: SiteEdge,
    { plan, count }: SentFetch,
    request: UpstreamRequest,
    answered: SentFetch['answered'],
    failed: () => void,
  ): void {
    const { origin } = this
    if (origin.away) {
      failed()
      return
    }
    origin.ask(plan.path, plan.asked, from.name, count, ({ head, bodyBytes, playlist }, wasHeld) => {
      request.wasHeld = wasHeld
      answered({ head, bodyBytes, playlist })
    })
  }

  #askSibling(from: SiteEdge, { plan }: SentFetch, answered: SentFetch['answered'], failed: () => void): void {
    if (plan.upstream.is !== 'sibling') return
    const sibling = this.edgeNamed(plan.upstream.edge)
    const { now } = this.agenda
    const boundMs = Math.min(siblingBoundMs(between(now, plan.headByMs)) as number, limits.siblingWaitMs)
    const asked = plan.asked ?? { version: 0, sequence: 0 }
    const fail = (how: 'refused' | 'reset') => {
      // A refused connection counts as a death at once (docs/decisions/006).
      if (how === 'refused') from.core.siblingAlive(sibling.name, false, this.agenda.now)
      failed()
    }
    const question = { method: 'GET', path: plan.path, sibling: { edge: from.name, asked, boundMs } }
    sibling.request(question, {
      count: 1,
      answered: answer =>
        answered({
          head: { status: answer.status, headers: answer.fields() },
          bodyBytes: answer.bodyBytes,
          playlist: answer.playlist,
        }),
      failed: fail,
    })
  }

  #note(from: SiteEdge, { plan, count }: SentFetch): UpstreamRequest {
    const address = parseAddress(plan.path)
    // Playlists are asked for by one at a time also where the answer is not kept (edge/core/lookup-live.ts).
    const followsUnkept = plan.reason === 'fill-uncacheable' && address?.kind === 'media-playlist'
    const shared = followsUnkept || !ownReasons.has(plan.reason)
    const request: UpstreamRequest = {
      rendition: this.rows?.renditionIndex(address && 'rendition' in address ? address.rendition : '') ?? 0,
      number: address?.kind === 'segment' ? (address.number as number) : undefined,
      kind: kindOf(address),
      atMs: this.agenda.now,
      from: from.name,
      to: plan.upstream.is,
      shared,
      weight: shared ? 1 : count * this.weightOfOwn,
      followsUnkept,
      status: 0,
      answeredMs: Infinity,
      wasHeld: false,
    }
    if (this.rows && this.rows.periodOf(this.agenda.now) >= 0) this.rows.upstream.push(request)
    return request
  }
}

const kindOf = (address: Address | undefined): UpstreamRequest['kind'] =>
  address === undefined ? 'event-config' : address.kind
