import { RandomStream } from '../../live/random.ts'
import { expectedPublication } from '../../live/template.ts'
import { between } from '../../live/units.ts'
import { ArrivalCurve, liveCells } from './arrival-curve.ts'
import { mixLive, spanAt } from './class-rows.ts'
import type { ColdKeys } from './cold-keys.ts'
import type { KeyFacts, SpanFacts } from './facts.ts'
import { type GroupContext, peopleIn } from './group-context.ts'
import { liveFromMs } from './layout.ts'
import { clearOutput, emptyOutput, type SpreadInput, scaleOutput, spreadKeys } from './spread.ts'
import { tellKey } from './tell-key.ts'

// The keys of the live edge at one group of sites: who asks for a number when, what the origin does with the first
// request, and then every key by itself.

export class LiveKeys {
  readonly #context: GroupContext
  readonly #cold: ColdKeys
  readonly #stream: RandomStream
  readonly #row = new Float64Array(liveCells)
  readonly #arrivals = new ArrivalCurve()
  readonly #output = emptyOutput()

  constructor(context: GroupContext, cold: ColdKeys) {
    this.#context = context
    this.#cold = cold
    this.#stream = new RandomStream(context.world.seed, `spread/${context.group.index}`)
  }

  /** Decides the keys of the number that is published in `period`; it stands for `stride` numbers. */
  decide(period: number, stride: number): void {
    const { world, newestBefore, size } = this.#context
    const number = newestBefore + 1 + period
    if (number < world.event.firstNumber) return
    const publishedMs = between(world.startMs, expectedPublication(world.event, number)) as number
    const insideMs = Math.max(0, Math.min((world.durationMs as number) - 1, publishedMs - 1))
    const span = spanAt(this.#context.spans, (world.startMs as number) + insideMs)
    for (let rendition = 0; rendition < size.renditions; rendition++) {
      const facts = span ? this.#inSpan(span, number, rendition) : this.#inCalm(period, number, rendition)
      if (facts) this.#decideKey(facts, span, { number, rendition, publishedMs, stride })
    }
  }

  #decideKey(
    facts: KeyFacts,
    span: SpanFacts | undefined,
    {
      number,
      rendition,
      publishedMs,
      stride,
    }: { number: number; rendition: number; publishedMs: number; stride: number },
  ): void {
    const { world, group, counts, edges, bodyBytes } = this.#context
    const output = this.#output
    clearOutput(output)
    const input: SpreadInput = {
      arrivals: this.#arrivals,
      sites: Math.min(group.sites, world.sitesDecided),
      edgesPerSite: group.edgesPerSite,
      designated: world.policy.designatedFill,
      originMs: group.latencies.originMs as number,
      siblingMs: group.latencies.siblingMs as number,
      releaseMs: facts.releaseMs,
      bodyMs: ((bodyBytes[rendition] as number) * 8_000) / world.fillBitsPerSecond,
    }
    // Without collapsing no first request is another than the rest.
    if (world.policy.proxy_cache_lock) {
      spreadKeys(input, this.#stream, output)
      counts.edgeKeys += input.sites * group.edgesPerSite
      scaleOutput(output, group.sites / input.sites)
      counts.askedKeys += output.askedKeys * stride
      counts.heldMs += output.heldMs * stride
      const coldSites = Math.max(0, group.sites - output.originRequests)
      if (output.askedKeys < edges) this.#cold.add(rendition, number, edges - output.askedKeys, coldSites)
    }
    for (let step = 0; step < stride; step++) {
      const second = Math.floor((publishedMs + step * world.event.segmentMs + liveFromMs) / 1_000)
      tellKey(this.#context, { facts, input, output, span, rendition, second })
    }
  }

  #inSpan(span: SpanFacts, number: number, rendition: number): KeyFacts | undefined {
    const { size, group, perEdge } = this.#context
    const period = number - span.firstNumber
    if (period < 0 || period >= span.periods) return undefined
    mixLive(span.live, period, rendition, size, group.mix, perEdge, this.#row)
    this.#arrivals.read(this.#row)
    if (this.#arrivals.total <= 0) return undefined
    return span.keys[period * size.renditions + rendition] ?? this.#sound(number, rendition)
  }

  #inCalm(period: number, number: number, rendition: number): KeyFacts | undefined {
    const { shapes, perEdge } = this.#context
    if (!shapes) return undefined
    const [settled, joining, returning] = shapes
    const [there, joins, returns] = peopleIn(this.#context, period)
    const at = rendition * liveCells
    const row = this.#row
    for (let cell = 0; cell < liveCells; cell++) {
      const ofSettled = there * (settled.live[at + cell] as number)
      const ofOthers = joins * (joining.live[at + cell] as number) + returns * (returning.live[at + cell] as number)
      row[cell] = perEdge * (ofSettled + ofOthers)
    }
    this.#arrivals.read(row)
    return this.#arrivals.total > 0 ? this.#sound(number, rendition) : undefined
  }

  /** Published as planned. */
  #sound(number: number, rendition: number): KeyFacts {
    const { publications, group, behaviours } = this.#context
    const releaseMs = publications.offsetMs(number, rendition) + (group.latencies.publishMs as number)
    return { releaseMs, status: 200, joinedLater: 0, again: behaviours.calm?.again ?? [] }
  }
}
