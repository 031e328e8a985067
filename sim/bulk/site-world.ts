import { siblingBoundMs } from '../../edge/core/plan.ts'
import type { EdgePolicy } from '../../edge/core/policy.ts'
import { type Address, parseAddress } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { newestNumbers } from '../../live/template.ts'
import { after, type Bytes, between, type EpochMs, type Ms } from '../../live/units.ts'
import { Agenda } from './agenda.ts'
import { type BulkFault, type Fate, touches } from './faults.ts'
import type { Latencies } from './layout.ts'
import type { Rows, UpstreamRequest } from './rows.ts'
import { SiteEdge } from './site-edge.ts'
import type { SentFetch } from './site-edge-io.ts'
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

export class SiteWorld {
  readonly agenda: Agenda
  /** Of all sites. */
  readonly edges: readonly SiteEdge[]
  /** By site. */
  readonly sites: readonly (readonly SiteEdge[])[]
  /** By rendition and number: when the first origin had it. */
  readonly published = new Map<string, EpochMs>()
  readonly #setup: SiteWorldSetup
  readonly #origins = new Map<string, SiteOrigin>()
  /** What counts requests upstream now. */
  rows: Rows | undefined
  /** What one asker of a request that is each asker's own weighs. */
  weightOfOwn = 1
  #serving: string

  constructor(setup: SiteWorldSetup) {
    const { event, policy, seed, regions, publishJitter, latencies, fate } = setup
    this.#setup = setup
    this.#serving = fate.region
    this.agenda = new Agenda(setup.beginsMs)
    const published = (rendition: string, number: number, atMs: EpochMs) => {
      const name = `${rendition}/${number}`
      if (!this.published.has(name)) this.published.set(name, atMs)
    }
    for (const region of regions) {
      const origin = { region, event, seed, publishJitter, publishMs: latencies.publishMs }
      this.#origins.set(region, new SiteOrigin(origin, this.agenda, published))
    }
    const bodyMs = (bytes: number): Ms => (bytes * 8_000) / setup.fillBitsPerSecond
    const common = { event: event.event, policy, bodyMs, storeBytes: setup.storeBytes }
    const edgeOf = (site: string, place: number): SiteEdge =>
      new SiteEdge(
        { ...common, site, name: `${site}e${place + 1}` },
        this.agenda,
        { send: (from, fetch) => this.#send(from, fetch) },
        from => this.#learn(from),
      )
    this.sites = Array.from({ length: setup.sites }, (_, site) =>
      Array.from({ length: setup.edges }, (_, place) => edgeOf(`s${site + 1}`, place)),
    )
    this.edges = this.sites.flat()
    for (const edge of this.edges) this.#introduce(edge)
    for (const [place, fault] of setup.faults.entries()) this.#plan(fault, place)
  }

  edgeNamed(name: string): SiteEdge {
    return this.edges.find(edge => edge.name === name) as SiteEdge
  }

  get origin(): SiteOrigin {
    return this.#origins.get(this.#serving) as SiteOrigin
  }

  #introduce(edge: SiteEdge): void {
    const { now } = this.agenda
    edge.apply(edge.core.learn(this.origin.core.eventConfig(), now))
    const site = this.#siteOf(edge)
    edge.core.siblings({ edges: site.map(({ name }) => name) }, now)
    for (const other of site) if (other !== edge) edge.core.siblingAlive(other.name, other.alive, now)
  }

  #siteOf(edge: SiteEdge): readonly SiteEdge[] {
    return this.sites.find(site => site.includes(edge)) as readonly SiteEdge[]
  }

  #learn(edge: SiteEdge): void {
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

  // Faults

  #plan(fault: BulkFault, place: number): void {
    const { fate } = this.#setup
    if (fault.do !== 'lose-region' && !touches(fault, place, fate)) return
    const atMs = after(this.#setup.startMs, fault.atMs)
    // What was over before this world began has left nothing behind that a warm-up does not bring.
    if (atMs < this.agenda.now) return
    this.agenda.at(atMs, () => this.#begin(fault))
  }

  #begin(fault: BulkFault): void {
    const { now } = this.agenda
    switch (fault.do) {
      case 'restart-edges':
        for (const [first] of this.sites) this.#restart(first as SiteEdge, fault.downMs)
        return
      case 'flush-edges':
        for (const edge of this.edges) this.#flush(edge)
        return
      case 'lose-region':
        this.#loseRegion(fault)
        return
      case 'stall-encoder':
        this.#pipelines(fault.pipeline, { stallForMs: fault.forMs })
        return
      case 'defects':
        this.#pipelines(fault.pipeline, { defects: { kind: fault.kind, ms: fault.ms, forMs: fault.forMs } })
        return
      case 'lose-pipeline':
        this.#pipelines(fault.pipeline, fault.forMs === undefined ? { lost: true } : { lostForMs: fault.forMs })
        return
      case 'publish-delay':
        this.#pipelines(fault.pipeline, { delay: { ms: fault.ms, forMs: fault.forMs } })
        return
      case 'raise-version':
        for (const { core } of this.#origins.values()) core.raiseVersion()
        this.#spreadNews()
        return
      case 'invalidate':
      case 'mask':
        this.#command(fault)
        return
      case 'notify':
        for (const { core } of this.#origins.values()) core.notify({ type: fault.type, atMs: now, text: fault.text })
        return
      case 'shed':
        for (const { core } of this.#origins.values()) core.setFaults({ shed: fault.on })
        return
      case 'origin-slow':
        this.#forAWhile(fault.forMs, { slowMs: fault.ms }, { slowMs: 0 })
        return
      case 'origin-down':
        this.#forAWhile(fault.forMs, { down: true }, { down: false })
        return
    }
  }

  #restart(edge: SiteEdge, downMs: Ms): void {
    edge.die()
    this.agenda.at(after(this.agenda.now, downMs), () => {
      edge.alive = true
      this.#introduce(edge)
      const heardMs = after(this.agenda.now, limits.heartbeatMs)
      this.agenda.at(heardMs, () => {
        for (const other of this.#siteOf(edge))
          if (other !== edge) other.core.siblingAlive(edge.name, true, this.agenda.now)
      })
    })
  }

  #flush(edge: SiteEdge): void {
    edge.forgetVerdicts()
    edge.apply(edge.core.flush(this.agenda.now))
  }

  #loseRegion({ region, forMs, wayOverMs }: Extract<BulkFault, { do: 'lose-region' }>): void {
    const lost = this.#origins.get(region)
    if (!lost) return
    const next = this.#setup.regions.find(other => other !== region)
    lost.away = true
    // Each region has a pipeline of its own, in the order in which both are named.
    const pipeline = this.#setup.event.pipelines[this.#setup.regions.indexOf(region)]
    this.#pipelines(pipeline, { lostForMs: forMs })
    if (this.#serving !== region || next === undefined) return
    this.agenda.at(after(this.agenda.now, wayOverMs), () => {
      this.#serving = next
    })
  }

  #pipelines(pipeline: string | undefined, change: Parameters<SiteOrigin['changePipeline']>[1]): void {
    const { pipelines } = this.#setup.event
    for (const name of pipeline === undefined ? pipelines : [pipeline]) {
      for (const origin of this.#origins.values()) origin.changePipeline(name, change)
    }
  }

  #command(fault: Extract<BulkFault, { do: 'invalidate' | 'mask' }>): void {
    const { now } = this.agenda
    const range = newestNumbers(this.#setup.event, fault.lastSegments, now)
    if (!range) return
    for (const origin of this.#origins.values()) {
      if (fault.do === 'invalidate') {
        origin.core.invalidate({ ...range, pipeline: fault.pipeline, region: fault.region })
        continue
      }
      const commanded = origin.core.mask({ pipeline: fault.pipeline, ...range }, now)
      if (commanded.done) origin.apply(commanded.effects)
    }
    this.#spreadNews()
  }

  /** Edges ask for `event.json` by themselves, each at its own instant within the interval. */
  #spreadNews(): void {
    for (const [place, edge] of this.edges.entries()) {
      const waitMs = ((place + 0.5) / this.edges.length) * limits.eventConfigMs
      this.agenda.at(after(this.agenda.now, waitMs), () => this.#learn(edge))
    }
  }

  #forAWhile(forMs: Ms, begin: Parameters<SiteOrigin['core']['setFaults']>[0], end: typeof begin): void {
    for (const { core } of this.#origins.values()) core.setFaults(begin)
    this.agenda.at(after(this.agenda.now, forMs), () => {
      for (const { core } of this.#origins.values()) core.setFaults(end)
    })
  }
}

const kindOf = (address: Address | undefined): UpstreamRequest['kind'] =>
  address === undefined ? 'event-config' : address.kind
