import { RandomStream } from '../../live/random.ts'
import { expectedPublication, liveEdge } from '../../live/template.ts'
import { between } from '../../live/units.ts'
import { plannedPutMs } from '../../origin/core/pipeline-schedule.ts'
import { startUpMs } from './behaviour.ts'
import { type Behaviours, emptiesAtMs } from './behaviours.ts'
import { mixLive, mixOld, mixOther, type Shapes, shapesOf, spanAt } from './class-rows.ts'
import { type ColdFills, ColdKeys } from './cold-keys.ts'
import type { Again, KeyFacts, OtherFacts, SpanFacts } from './facts.ts'
import { type Group, groupsOf, groupsOfSlice, nameOf } from './groups.ts'
import { ageBuckets, type BulkWorld, liveBins, liveFromMs, otherKinds } from './layout.ts'
import { outcomes } from './rows.ts'
import { addAt, Series } from './series.ts'
import { bodyBytesOf } from './site-origin.ts'
import {
  arrivalsAt,
  clearOutput,
  emptyOutput,
  type SpreadInput,
  type SpreadOutput,
  spreadKeys,
  spreadSeconds,
} from './spread.ts'

// One slice of the edges through the whole storm: every edge key of the live edge is decided by itself, what is older is
// counted. A slice needs nothing of another one.

export interface SliceCounts {
  /** Edge keys that were decided. */
  edgeKeys: number
  /** Keys for which somebody asked. */
  askedKeys: number
  /** Sum of the times that requests were held at the origin, ms. */
  heldMs: number
}

export interface SliceResult {
  readonly series: Map<string, Float64Array>
  readonly counts: SliceCounts
}

/** How many periods a decided number stands for, by period: 0 where another one stands for it. */
export function stridesOf(world: BulkWorld, spans: readonly SpanFacts[], periods: number): Uint16Array {
  const strides = new Uint16Array(periods)
  const { segmentMs } = world.event
  const isCalm = (period: number): boolean => {
    const atMs = (world.startMs as number) + period * segmentMs
    return spanAt(spans, atMs) === undefined
  }
  for (let period = 0; period < periods; ) {
    let length = 1
    if (isCalm(period))
      while (length < world.calmStride && period + length < periods && isCalm(period + length)) length++
    strides[period] = length
    period += length
  }
  return strides
}

/** Works through slice `slice`. `onPeriod` is told how far it is; false from it ends the slice early. */
export function workSlice(
  world: BulkWorld,
  behaviours: Behaviours,
  slice: number,
  onPeriod: (done: number, of: number) => boolean = () => true,
): SliceResult {
  const seconds = Math.ceil((world.durationMs as number) / 1_000)
  const series = new Series(seconds, world.regions)
  const counts: SliceCounts = { edgeKeys: 0, askedKeys: 0, heldMs: 0 }
  const groups = groupsOfSlice(groupsOf(world), slice)
  for (const [done, group] of groups.entries()) {
    const goesOn = new GroupWork(world, behaviours, group, series, counts).run((period, of) =>
      onPeriod(done * of + period, groups.length * of),
    )
    if (!goesOn) break
  }
  return { series: new Map(series.entries()), counts }
}

class GroupWork {
  readonly #world: BulkWorld
  readonly #behaviours: Behaviours
  readonly #group: Group
  readonly #series: Series
  readonly #counts: SliceCounts
  readonly #spans: readonly SpanFacts[]
  readonly #shapes: readonly [Shapes, Shapes, Shapes] | undefined
  readonly #stream: RandomStream
  readonly #cold: ColdKeys
  readonly #size: { readonly columns: number; readonly renditions: number }
  readonly #bodyBytes: readonly number[]
  readonly #perEdge: number
  readonly #edges: number
  readonly #fillers: number
  readonly #emptiesMs: readonly { readonly atMs: number; readonly all: boolean }[]
  readonly #output = emptyOutput()
  readonly #old: Float64Array
  readonly #other = new Float64Array(otherKinds.length)
  readonly #arrivals = new Float64Array(liveBins + 1)
  /** The newest number when the storm begins. */
  readonly #before: number
  #nextEmpty = 0

  constructor(world: BulkWorld, behaviours: Behaviours, group: Group, series: Series, counts: SliceCounts) {
    const { event, policy, seed } = world
    this.#world = world
    this.#behaviours = behaviours
    this.#group = group
    this.#series = series
    this.#counts = counts
    this.#spans = behaviours.spans.get(nameOf(group.fate)) ?? []
    this.#size = { columns: world.columns.length, renditions: event.renditions.length }
    this.#shapes = behaviours.calm && shapesOf(behaviours.calm, group, this.#size)
    this.#stream = new RandomStream(seed, `spread/${group.index}`)
    this.#cold = new ColdKeys(event.renditions.length, Math.floor(event.dvrWindowMs / event.segmentMs))
    this.#bodyBytes = event.renditions.map(rendition => bodyBytesOf(rendition, event.segmentMs))
    this.#edges = group.sites * group.edgesPerSite
    this.#fillers = policy.designatedFill ? group.sites : this.#edges
    this.#perEdge = group.viewerShare / this.#edges
    this.#old = new Float64Array(event.renditions.length * ageBuckets.length)
    this.#before = liveEdge(event, world.startMs) as number
    this.#emptiesMs = this.#emptyings()
  }

  /** False when it was ended early. */
  run(onPeriod: (done: number, of: number) => boolean): boolean {
    const { event, durationMs } = this.#world
    const periods = Math.ceil((durationMs as number) / event.segmentMs)
    const strides = stridesOf(this.#world, this.#spans, periods)
    this.#beginCold()
    if (this.#spans.length > 0 && this.#behaviours.calm === undefined) {
      for (let early = -3; early < 0; early++) this.#number(early, 1)
    }
    for (let period = 0; period < periods; period++) {
      if (period % 16 === 0 && !onPeriod(period, periods)) return false
      this.#empty(period)
      const stride = strides[period] as number
      if (stride > 0) this.#number(period, stride)
      this.#period(period)
    }
    // Asked for before the end, published after it.
    for (let late = 0; late < 2; late++) if (this.#behaviours.calm === undefined) this.#number(periods + late, 1)
    onPeriod(periods, periods)
    return true
  }

  // The live edge

  #number(period: number, stride: number): void {
    const number = this.#before + 1 + period
    if (number < this.#world.event.firstNumber) return
    const { renditions } = this.#size
    for (let rendition = 0; rendition < renditions; rendition++) this.#key(period, number, rendition, stride)
  }

  #key(period: number, number: number, rendition: number, stride: number): void {
    const { event, policy, startMs, fillBitsPerSecond } = this.#world
    const publishedMs = between(startMs, expectedPublication(event, number)) as number
    const span = spanAt(
      this.#spans,
      (startMs as number) + Math.max(0, Math.min((this.#world.durationMs as number) - 1, publishedMs - 1)),
    )
    const facts = span ? this.#spanKey(span, number, rendition) : this.#calmKey(period, number, rendition)
    if (facts === 'nothing') return
    const output = this.#output
    clearOutput(output)
    const bodyBytes = this.#bodyBytes[rendition] as number
    const input: SpreadInput = {
      arrivals: this.#arrivals,
      sites: this.#group.sites,
      edgesPerSite: this.#group.edgesPerSite,
      designated: policy.designatedFill,
      originMs: this.#group.latencies.originMs as number,
      releaseMs: facts.releaseMs,
      bodyMs: (bodyBytes * 8_000) / fillBitsPerSecond,
    }
    if (policy.proxy_cache_lock) {
      spreadKeys(input, this.#stream, output)
      this.#counts.edgeKeys += this.#edges
      this.#counts.askedKeys += output.askedKeys * stride
      this.#counts.heldMs += output.heldMs * stride
      this.#cold.add(
        rendition,
        number,
        this.#edges - output.askedKeys,
        Math.max(0, this.#group.sites - output.originRequests),
      )
    }
    for (let step = 0; step < stride; step++) {
      const second = Math.floor((publishedMs + step * event.segmentMs + liveFromMs) / 1_000)
      this.#tell(facts, input, second, rendition, span)
    }
  }

  /** Adds what was decided for a key to the series. */
  #tell(facts: KeyFacts, input: SpreadInput, second: number, rendition: number, span: SpanFacts | undefined): void {
    const output = this.#output
    const series = this.#series
    const bytes = this.#bodyBytes[rendition] as number
    const headMs = facts.releaseMs + input.originMs
    const waiting = this.#edges * arrivalsAt(input.arrivals, headMs)
    const releaseSecond = second + Math.floor((Math.min(headMs, 5_000) - liveFromMs) / 1_000)
    let before = 0
    for (let step = 0; step < spreadSeconds; step++) {
      const upTo = this.#edges * arrivalsAt(input.arrivals, liveFromMs + (step + 1) * 1_000)
      addAt(series.get('edge.requests'), second + step, upTo - before)
      const waits = Math.max(0, Math.min(upTo, waiting) - before)
      this.#send(second + step, (upTo - before - waits) * bytes)
      this.#send(releaseSecond, waits * bytes)
      before = upTo
    }
    if (Number.isFinite(facts.releaseMs)) addAt(series.get('edge.waiting'), releaseSecond, waiting)
    addAt(series.get('edge.collapsed'), releaseSecond, facts.status === 200 ? output.collapsed : 0)
    this.#tellUpstream(facts, output, second, bytes, releaseSecond)
    const own = span?.ownShare ?? this.#behaviours.calm?.ownShare ?? 0
    if (own > 0) this.#tellOwn(own, before, releaseSecond, bytes)
  }

  #tellUpstream(facts: KeyFacts, output: SpreadOutput, second: number, bytes: number, releaseSecond: number): void {
    const series = this.#series
    const region = this.#servingAt(second)
    const answered = facts.status === 200 ? 'origin.fills' : facts.status < 0 ? 'origin.unreachable' : 'origin.probes'
    for (let step = 0; step < spreadSeconds; step++) {
      const asks = output.originBySecond[step] as number
      if (facts.status >= 0) addAt(series.origin('origin.requests', region), second + step, asks)
      addAt(series.origin(answered, region), second + step, asks)
      addAt(series.get('site.requests'), second + step, output.siblingBySecond[step] as number)
    }
    addAt(series.get('edge.forwarded'), releaseSecond, output.askedKeys)
    addAt(series.origin('origin.held', region), releaseSecond, output.held)
    if (facts.status === 200) {
      addAt(series.origin('origin.bytes', region), releaseSecond, output.originRequests * bytes)
      addAt(series.get('site.bytes'), releaseSecond, output.siblingRequests * bytes)
    }
    for (const again of facts.again) this.#tellAgain(again, output.askedKeys / this.#edges, second, bytes)
  }

  #tellAgain({ offsetMs, toOrigin, isFill, heldMs, count }: Again, share: number, second: number, bytes: number): void {
    const at = second + Math.floor((offsetMs - liveFromMs) / 1_000)
    const series = this.#series
    if (!toOrigin) {
      const requests = count * share * (this.#edges - this.#group.sites)
      addAt(series.get('site.requests'), at, requests)
      if (isFill) addAt(series.get('site.bytes'), at, requests * bytes)
      return
    }
    const region = this.#servingAt(at)
    const requests = count * share * this.#fillers
    addAt(series.origin('origin.requests', region), at, requests)
    addAt(series.origin(isFill ? 'origin.fills' : 'origin.probes', region), at, requests)
    if (isFill) addAt(series.origin('origin.bytes', region), at, requests * bytes)
    if (heldMs > 0) addAt(series.origin('origin.held', region), at + Math.floor(heldMs / 1_000), requests)
  }

  /** Requests that do not collapse: as many of them reach the origin as the cores have shown. */
  #tellOwn(share: number, requests: number, second: number, bytes: number): void {
    const region = this.#servingAt(second)
    const own = requests * share
    addAt(this.#series.origin('origin.requests', region), second, own)
    addAt(this.#series.origin('origin.fills', region), second, own)
    addAt(this.#series.origin('origin.bytes', region), second, own * bytes)
    addAt(this.#series.get('edge.forwarded'), second, own)
  }

  /** A body travels for about a segment's length. */
  #send(second: number, bytes: number): void {
    const over = Math.max(1, Math.round(this.#world.event.segmentMs / 1_000))
    for (let step = 0; step < over; step++) addAt(this.#series.get('edge.bytes'), second + step, bytes / over)
  }

  #spanKey(span: SpanFacts, number: number, rendition: number): KeyFacts | 'nothing' {
    const period = number - span.firstNumber
    if (period < 0 || period >= span.periods) return 'nothing'
    mixLive(span.live, period, rendition, this.#size, this.#group.mix, this.#perEdge, this.#arrivals)
    if ((this.#arrivals[liveBins] as number) <= 0) return 'nothing'
    const known = span.keys[period * this.#size.renditions + rendition]
    return known ?? { releaseMs: this.#publicationMs(number, rendition), status: 200, again: [] }
  }

  #calmKey(period: number, number: number, rendition: number): KeyFacts | 'nothing' {
    if (!this.#shapes || !this.#behaviours.calm) return 'nothing'
    const [settled, joining, returning] = this.#shapes
    const [there, joins, returns] = this.#people(period)
    const at = rendition * (liveBins + 1)
    for (let bin = 0; bin <= liveBins; bin++) {
      this.#arrivals[bin] =
        this.#perEdge *
        (there * (settled.live[at + bin] as number) +
          joins * (joining.live[at + bin] as number) +
          returns * (returning.live[at + bin] as number))
    }
    if ((this.#arrivals[liveBins] as number) <= 0) return 'nothing'
    return { releaseMs: this.#publicationMs(number, rendition), status: 200, again: this.#behaviours.calm.again }
  }

  /** When the first pipeline's body is stored, relative to the expected publication. */
  #publicationMs(number: number, rendition: number): number {
    const { event, publishJitter, seed } = this.#world
    const name = event.renditions[rendition]?.name as string
    let earliest = Infinity
    for (const pipeline of event.pipelines) {
      earliest = Math.min(earliest, plannedPutMs({ event, pipeline, publishJitter, seed }, name, number) as number)
    }
    const { publishMs } = this.#group.latencies
    return (between(expectedPublication(event, number), earliest) as number) + (publishMs as number)
  }

  /** Settled viewers, those who join and those who come back in `period`. */
  #people(period: number): readonly [number, number, number] {
    const { present, joining, returning } = this.#behaviours.audience
    const at = Math.min(present.length - 1, Math.max(0, period))
    let recent = 0
    const from = Math.max(0, at - Math.ceil(startUpMs / this.#world.event.segmentMs))
    for (let one = from; one <= at; one++) recent += (joining[one] as number) + (returning[one] as number)
    return [Math.max(0, (present[at] as number) - recent), joining[at] as number, returning[at] as number]
  }

  // What is older, and what is no segment

  #period(period: number): void {
    const { event, startMs, policy } = this.#world
    const atMs = (startMs as number) + period * event.segmentMs
    const span = spanAt(this.#spans, atMs)
    this.#mixPeriod(span, period, atMs)
    const second = Math.floor((period * event.segmentMs) / 1_000)
    const over = Math.max(1, Math.round(event.segmentMs / 1_000))
    const newest = this.#before + period
    this.#cold.forget(newest + 1)
    const fills: ColdFills = { origin: 0, sibling: 0 }
    for (let rendition = 0; rendition < this.#size.renditions; rendition++) {
      fills.origin = 0
      fills.sibling = 0
      const row = rendition * ageBuckets.length
      let requests = 0
      for (let bucket = 0; bucket < ageBuckets.length; bucket++) requests += this.#old[row + bucket] as number
      if (requests <= 0) continue
      if (policy.proxy_cache_lock) {
        const { edgesPerSite } = this.#group
        this.#cold.ask(rendition, newest, this.#old, row, edgesPerSite, policy.designatedFill, this.#stream, fills)
      }
      this.#tellOld(second, over, requests * this.#edges, this.#bodyBytes[rendition] as number, fills, span)
    }
    if (span) this.#tellOutcomes(span, second, atMs)
    this.#tellOthers(second, over, span)
    const present = (this.#behaviours.audience.present[period] as number | undefined) ?? 0
    for (let step = 0; step < over; step++)
      addAt(this.#series.get('viewers'), second + step, present * this.#group.viewerShare)
  }

  #mixPeriod(span: SpanFacts | undefined, period: number, atMs: number): void {
    if (span) {
      const own = Math.floor((atMs - span.fromMs) / this.#world.event.segmentMs)
      mixOld(span.old, own, this.#size, this.#group.mix, this.#perEdge, this.#old)
      mixOther(span.other, own, this.#size, this.#group.mix, this.#group.viewerShare, this.#other)
      return
    }
    if (!this.#shapes) return
    const [settled, joining, returning] = this.#shapes
    const [there, joins, returns] = this.#people(period)
    for (let cell = 0; cell < this.#old.length; cell++) {
      const viewers =
        there * (settled.old[cell] as number) +
        joins * (joining.old[cell] as number) +
        returns * (returning.old[cell] as number)
      this.#old[cell] = this.#perEdge * viewers
    }
    for (let kind = 0; kind < otherKinds.length; kind++) {
      const viewers =
        there * (settled.other[kind] as number) +
        joins * (joining.other[kind] as number) +
        returns * (returning.other[kind] as number)
      this.#other[kind] = this.#group.viewerShare * viewers
    }
  }

  #tellOld(
    second: number,
    over: number,
    requests: number,
    bytes: number,
    fills: ColdFills,
    span: SpanFacts | undefined,
  ): void {
    const series = this.#series
    const region = this.#servingAt(second)
    const own = requests * (span?.ownShare ?? this.#behaviours.calm?.ownShare ?? 0)
    for (let step = 0; step < over; step++) {
      addAt(series.get('edge.requests'), second + step, requests / over)
      addAt(series.get('edge.bytes'), second + step, (requests * bytes) / over)
      addAt(series.get('edge.forwarded'), second + step, (fills.origin + fills.sibling + own) / over)
      addAt(series.origin('origin.requests', region), second + step, (fills.origin + own) / over)
      addAt(series.origin('origin.fills', region), second + step, (fills.origin + own) / over)
      addAt(series.origin('origin.bytes', region), second + step, ((fills.origin + own) * bytes) / over)
      addAt(series.get('site.requests'), second + step, fills.sibling / over)
      addAt(series.get('site.bytes'), second + step, (fills.sibling * bytes) / over)
    }
  }

  /** What the simulated site has shown beside hits and fills. */
  #tellOutcomes(span: SpanFacts, second: number, atMs: number): void {
    const period = Math.floor((atMs - span.fromMs) / this.#world.event.segmentMs) * outcomes.length
    for (const outcome of ['negative', 'refused', 'failed'] as const) {
      const amount = (span.outcomes[period + outcomes.indexOf(outcome)] as number) * this.#group.viewerShare
      if (amount > 0) addAt(this.#series.get(`edge.${outcome}`), second, amount)
    }
  }

  /** Manifests, playlists and initialisation segments: a filler asks again when a lifetime has ended and somebody asks. */
  #tellOthers(second: number, over: number, span: SpanFacts | undefined): void {
    const facts: OtherFacts | undefined = span?.others ?? this.#behaviours.calm?.others
    if (!facts) return
    const region = this.#servingAt(second)
    for (const [kind, name] of otherKinds.entries()) {
      const requests = this.#other[kind] as number
      if (requests <= 0) continue
      const keys = name === 'media-playlist' || name === 'init' ? this.#size.renditions : 1
      const asked = upstreamOf(facts.toOrigin[kind] as number, keys, requests / this.#fillers) * this.#fillers
      for (let step = 0; step < over; step++) {
        addAt(this.#series.get('edge.other_requests'), second + step, requests / over)
        addAt(this.#series.origin('origin.other_requests', region), second + step, asked / over)
      }
    }
  }

  // What is not stored

  /** Nothing of what was published before the storm is stored anywhere. */
  #beginCold(): void {
    const { event, backlogSegments } = this.#world
    const from = Math.max(event.firstNumber, this.#before - backlogSegments + 1)
    for (let number = from; number <= this.#before - 3; number++) {
      for (let rendition = 0; rendition < this.#size.renditions; rendition++) {
        this.#cold.add(rendition, number, this.#edges, this.#group.sites)
      }
    }
  }

  #emptyings(): { atMs: number; all: boolean }[] {
    return this.#world.faults
      .filter(fault => fault.do === 'raise-version' || this.#group.fate.unlucky)
      .map(fault => ({ atMs: emptiesAtMs(fault) ?? Infinity, all: fault.do !== 'restart-edges' }))
      .filter(({ atMs }) => Number.isFinite(atMs))
      .sort((a, b) => a.atMs - b.atMs)
  }

  /** Edges that have lost what they stored by `period` have it no more. */
  #empty(period: number): void {
    const { event } = this.#world
    for (;;) {
      const next = this.#emptiesMs[this.#nextEmpty]
      if (!next || next.atMs > period * event.segmentMs) return
      this.#nextEmpty++
      const newest = this.#before + period
      const oldest = Math.max(event.firstNumber, newest - Math.floor(event.dvrWindowMs / event.segmentMs) + 2)
      const { sites, edgesPerSite } = this.#group
      for (let number = oldest; number <= newest - 2; number++) {
        for (let rendition = 0; rendition < this.#size.renditions; rendition++) {
          if (next.all) this.#cold.add(rendition, number, this.#edges, sites)
          else this.#cold.add(rendition, number, sites, sites / edgesPerSite)
        }
      }
    }
  }

  /** The region whose origin the group's sites ask in `second` of the storm. */
  #servingAt(second: number): string {
    const { faults, regions } = this.#world
    for (const fault of faults) {
      if (fault.do !== 'lose-region' || fault.region !== this.#group.region) continue
      const overMs = (fault.atMs as number) + (fault.wayOverMs as number)
      if (second * 1_000 >= overMs - 1_000) return regions.find(other => other !== fault.region) ?? this.#group.region
    }
    return this.#group.region
  }
}

/**
 * Requests upstream of one filler in a period for `keys` alike keys, of which `requests` are asked for there, where a
 * filler that is asked all the time makes `most`: renewals of a lifetime under Poisson arrivals, r / (1 + r T).
 */
export function upstreamOf(most: number, keys: number, requests: number): number {
  if (most <= 0 || requests <= 0) return 0
  const [mostOfKey, rateOfKey] = [most / keys, requests / keys]
  return keys / (1 / mostOfKey + 1 / rateOfKey)
}
