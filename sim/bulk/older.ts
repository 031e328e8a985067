import { RandomStream } from '../../live/random.ts'
import { mixOld, mixOther, spanAt } from './class-rows.ts'
import type { ColdFills, ColdKeys } from './cold-keys.ts'
import type { SpanFacts } from './facts.ts'
import { emptiesAtMs, touches } from './faults.ts'
import { type GroupContext, ownShareIn, peopleIn, servingAt } from './group-context.ts'
import { ageBuckets, otherKinds } from './layout.ts'
import { isDesignated, unkeptAt, upstreamOf } from './other-facts.ts'
import { outcomes } from './rows.ts'
import { addAt } from './series.ts'

// Period by period, what one group of sites is asked behind the live edge and beside segments, and what of it is not
// stored: at the beginning, and after a restart or a flush.

interface Emptying {
  readonly atMs: number
  /** Every edge of the group, or one of each site. */
  readonly all: boolean
}

export class Older {
  readonly #context: GroupContext
  readonly #cold: ColdKeys
  readonly #stream: RandomStream
  readonly #old: Float64Array
  readonly #other = new Float64Array(otherKinds.length)
  readonly #emptyings: readonly Emptying[]
  #nextEmptying = 0

  constructor(context: GroupContext, cold: ColdKeys) {
    this.#context = context
    this.#cold = cold
    this.#stream = new RandomStream(context.world.seed, `older/${context.group.index}`)
    this.#old = new Float64Array(context.size.renditions * ageBuckets.length)
    this.#emptyings = emptyingsOf(context)
    this.#beginCold()
  }

  count(period: number): void {
    const { world, spans, newestBefore } = this.#context
    const { segmentMs } = world.event
    this.#empty(period)
    const atMs = (world.startMs as number) + period * segmentMs
    const span = spanAt(spans, atMs)
    this.#mix(span, period, atMs)
    const second = Math.floor((period * segmentMs) / 1_000)
    const newest = newestBefore + period
    this.#cold.forget(newest + 1)
    this.#countSegments(second, newest, span)
    if (span) this.#countOutcomes(span, second, atMs)
    this.#countOthers(second, atMs, span)
    this.#countViewers(period, second)
  }

  #seconds(): number {
    return Math.max(1, Math.round(this.#context.world.event.segmentMs / 1_000))
  }

  #mix(span: SpanFacts | undefined, period: number, atMs: number): void {
    const { world, size, group, perEdge, shapes } = this.#context
    if (span) {
      const own = Math.floor((atMs - span.fromMs) / world.event.segmentMs)
      mixOld(span.old, own, size, group.mix, perEdge, this.#old)
      mixOther(span.other, own, size, group.mix, group.viewerShare, this.#other)
      return
    }
    if (!shapes) return
    const people = peopleIn(this.#context, period)
    this.#old.fill(0)
    this.#other.fill(0)
    for (const [i, { old, other }] of shapes.entries()) {
      const viewers = people[i] as number
      for (let cell = 0; cell < old.length; cell++) {
        this.#old[cell] = (this.#old[cell] as number) + perEdge * viewers * (old[cell] as number)
      }
      for (let kind = 0; kind < other.length; kind++) {
        this.#other[kind] = (this.#other[kind] as number) + group.viewerShare * viewers * (other[kind] as number)
      }
    }
  }

  #countSegments(second: number, newest: number, span: SpanFacts | undefined): void {
    const { world, size, group, edges, bodyBytes } = this.#context
    const fills: ColdFills = { origin: 0, sibling: 0 }
    for (let rendition = 0; rendition < size.renditions; rendition++) {
      fills.origin = 0
      fills.sibling = 0
      const row = rendition * ageBuckets.length
      let requests = 0
      for (let bucket = 0; bucket < ageBuckets.length; bucket++) requests += this.#old[row + bucket] as number
      if (requests <= 0) continue
      if (world.policy.proxy_cache_lock) {
        const site = { edgesPerSite: group.edgesPerSite, designated: world.policy.designatedFill }
        this.#cold.ask(rendition, newest, this.#old, row, site, this.#stream, fills)
      }
      this.#tellSegments(second, requests * edges, bodyBytes[rendition] as number, fills, span)
    }
  }

  #tellSegments(second: number, requests: number, bytes: number, fills: ColdFills, span: SpanFacts | undefined): void {
    const { series } = this.#context
    const region = servingAt(this.#context, second)
    const own = requests * ownShareIn(this.#context, span)
    const over = this.#seconds()
    const origin = (fills.origin + own) / over
    for (let at = second; at < second + over; at++) {
      addAt(series.get('edge.requests'), at, requests / over)
      addAt(series.get('edge.bytes'), at, (requests * bytes) / over)
      addAt(series.get('edge.forwarded'), at, origin + fills.sibling / over)
      addAt(series.origin('origin.requests', region), at, origin)
      addAt(series.origin('origin.fills', region), at, origin)
      addAt(series.origin('origin.bytes', region), at, origin * bytes)
      addAt(series.get('site.requests'), at, fills.sibling / over)
      addAt(series.get('site.bytes'), at, (fills.sibling * bytes) / over)
    }
  }

  /** What the simulated site has shown beside hits and fills. */
  #countOutcomes(span: SpanFacts, second: number, atMs: number): void {
    const { world, group, series } = this.#context
    const period = Math.floor((atMs - span.fromMs) / world.event.segmentMs) * outcomes.length
    for (const outcome of ['negative', 'refused', 'failed'] as const) {
      const amount = (span.outcomes[period + outcomes.indexOf(outcome)] as number) * group.viewerShare
      if (amount > 0) addAt(series.get(`edge.${outcome}`), second, amount)
    }
  }

  /** Manifests, playlists and initialisation segments: asked again when a lifetime has ended and somebody asks. */
  #countOthers(second: number, atMs: number, span: SpanFacts | undefined): void {
    const { world, behaviours, size, series, edges, group } = this.#context
    const facts = span?.others ?? behaviours.calm?.others
    if (!facts) return
    const period = span ? Math.floor((atMs - span.fromMs) / world.event.segmentMs) : 0
    const region = servingAt(this.#context, second)
    const over = this.#seconds()
    for (const [kind, name] of otherKinds.entries()) {
      const requests = this.#other[kind] as number
      if (requests <= 0) continue
      const cell = period * otherKinds.length + kind
      const keys = name === 'media-playlist' || name === 'init' ? size.renditions : 1
      const fillers = isDesignated(name, world.policy) ? group.sites : edges
      const shown = { upstream: facts.toOrigin[cell] as number, asks: facts.asks[cell] as number }
      const { unkept } = facts
      const followed = {
        requests: unkept.requests[cell] as number,
        busyMs: unkept.busyMs[cell] as number,
        idleMs: unkept.idleMs[cell] as number,
      }
      const ofOne = upstreamOf(shown, keys, requests / fillers) + unkeptAt(followed, requests / fillers / shown.asks)
      const asked = ofOne * fillers + requests * (facts.ownShare[cell] as number)
      for (let at = second; at < second + over; at++) {
        addAt(series.get('edge.other_requests'), at, requests / over)
        addAt(series.origin('origin.other_requests', region), at, asked / over)
      }
    }
  }

  #countViewers(period: number, second: number): void {
    const { behaviours, group, series } = this.#context
    const present = (behaviours.audience.present[period] as number | undefined) ?? 0
    for (let at = second; at < second + this.#seconds(); at++)
      addAt(series.get('viewers'), at, present * group.viewerShare)
  }

  /** Nothing of what was published before the storm is stored anywhere. */
  #beginCold(): void {
    const { world, newestBefore, size, edges, group } = this.#context
    const from = Math.max(world.event.firstNumber, newestBefore - world.backlogSegments + 1)
    for (let number = from; number <= newestBefore - 3; number++) {
      for (let rendition = 0; rendition < size.renditions; rendition++)
        this.#cold.add(rendition, number, edges, group.sites)
    }
  }

  /** Edges that have lost what they stored by `period` have it no more. */
  #empty(period: number): void {
    const { world, newestBefore, size, edges, group } = this.#context
    const { event } = world
    for (;;) {
      const next = this.#emptyings[this.#nextEmptying]
      if (!next || next.atMs > period * event.segmentMs) return
      this.#nextEmptying++
      const newest = newestBefore + period
      const oldest = Math.max(event.firstNumber, newest - Math.floor(event.dvrWindowMs / event.segmentMs) + 2)
      // A restarted edge fills itself what it is designated for, and asks its siblings for the rest.
      const emptied = next.all
        ? { edges, sites: group.sites }
        : { edges: group.sites, sites: group.sites / group.edgesPerSite }
      for (let number = oldest; number <= newest - 2; number++) {
        for (let rendition = 0; rendition < size.renditions; rendition++) {
          this.#cold.empty(rendition, number, emptied.edges, emptied.sites, { edges, sites: group.sites })
        }
      }
    }
  }
}

function emptyingsOf({ world, group }: GroupContext): Emptying[] {
  return world.faults
    .filter((fault, place) => touches(fault, place, group.fate))
    .map(fault => ({ atMs: emptiesAtMs(fault) ?? Infinity, all: fault.do !== 'restart-edges' }))
    .filter(({ atMs }) => Number.isFinite(atMs))
    .sort((a, b) => a.atMs - b.atMs)
}
