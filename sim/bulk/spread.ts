import type { RandomStream } from '../../live/random.ts'
import type { ArrivalCurve } from './arrival-curve.ts'
import { binMs, liveBins, liveFromMs } from './layout.ts'

// From one simulated site to every edge of a class: each edge key (edge, rendition, number) gets its own first arrival,
// drawn from the arrival process that the site's viewers have shown. The number of arrivals at an edge up to an instant is
// Poisson with mean C(instant), so that the first one comes when C reaches an exponential of mean 1 (the first order
// statistic); all that came before the fill's head joined it, all that came after hit.

/** What spreading one rendition and number over the edges of one class needs. */
export interface SpreadInput {
  /** Expected arrivals at one edge. */
  readonly arrivals: ArrivalCurve
  readonly sites: number
  readonly edgesPerSite: number
  /** One edge of a site fills, the others ask it. */
  readonly designated: boolean
  readonly originMs: number
  readonly siblingMs: number
  /** When the first answer leaves the origin for who was held, relative to the expected publication. */
  readonly releaseMs: number
  /** From a fill's head to its last byte: who asks meanwhile has joined it too. */
  readonly bodyMs: number
}

/** What became of the keys; instants relative to the expected publication. */
export interface SpreadOutput {
  /** Keys for which somebody asked at all. */
  askedKeys: number
  /** Of those, the ones whose first player found no request of a sibling's before it. */
  forwarded: number
  /** First requests to the origin, and to a sibling. */
  originRequests: number
  siblingRequests: number
  /** Of the first to the origin, those that were held there, and for how long all in all. */
  held: number
  heldMs: number
  /** Requests of players that joined a fill. */
  collapsed: number
  /** Requests to the origin by the second of the offset, beginning at `liveFromMs`. */
  readonly originBySecond: Float64Array
  readonly siblingBySecond: Float64Array
}

export const spreadSeconds = Math.ceil((liveBins * binMs) / 1_000)

export const emptyOutput = (): SpreadOutput => ({
  askedKeys: 0,
  forwarded: 0,
  originRequests: 0,
  siblingRequests: 0,
  held: 0,
  heldMs: 0,
  collapsed: 0,
  originBySecond: new Float64Array(spreadSeconds),
  siblingBySecond: new Float64Array(spreadSeconds),
})

/** Resets `output` for the next keys. */
export function clearOutput(output: SpreadOutput): void {
  output.askedKeys = 0
  output.forwarded = 0
  output.originRequests = 0
  output.siblingRequests = 0
  output.held = 0
  output.heldMs = 0
  output.collapsed = 0
  output.originBySecond.fill(0)
  output.siblingBySecond.fill(0)
}

/** Lets what was decided stand for `factor` times as many sites. */
export function scaleOutput(output: SpreadOutput, factor: number): void {
  if (factor === 1) return
  for (const name of [
    'askedKeys',
    'forwarded',
    'originRequests',
    'siblingRequests',
    'held',
    'heldMs',
    'collapsed',
  ] as const) {
    output[name] *= factor
  }
  for (const series of [output.originBySecond, output.siblingBySecond]) {
    for (let second = 0; second < series.length; second++) series[second] = (series[second] as number) * factor
  }
}

/** Decides every key of one rendition and number at the edges of one class, and adds to `output`. */
export function spreadKeys(input: SpreadInput, stream: RandomStream, output: SpreadOutput): void {
  const { arrivals, sites, edgesPerSite, designated } = input
  const total = arrivals.total
  const heads = headsOf(input)
  for (let site = 0; site < sites; site++) {
    let first = Infinity
    let filler = Infinity
    for (let edge = 0; edge < edgesPerSite; edge++) {
      const own = -Math.log(1 - stream.next())
      if (own >= total) continue
      output.askedKeys++
      if (!designated) {
        output.forwarded++
        output.collapsed += joined(input, own, heads.fromOrigin, 2 * input.originMs)
        askOrigin(input, arrivals.instantOf(own), output)
        continue
      }
      if (own < first) first = own
      // The filling edge stands at place 0.
      if (edge === 0) filler = own
      else {
        output.forwarded++
        output.collapsed += joined(input, own, heads.fromSibling, 2 * (input.originMs + input.siblingMs))
        askSibling(arrivals.instantOf(own), output)
      }
    }
    if (!designated || first === Infinity) continue
    const firstMs = arrivals.instantOf(first)
    askOrigin(input, firstMs, output)
    if (filler < Infinity) countFiller(input, { filler, first, firstMs }, heads.fromOrigin, output)
  }
}

/** Expected arrivals until a held fill has come, at an edge that asked the origin, and at one that asked its sibling. */
function headsOf({ arrivals, releaseMs, originMs, siblingMs, bodyMs }: SpreadInput) {
  const fromOriginMs = releaseMs + originMs + bodyMs
  return {
    fromOrigin: arrivals.before(fromOriginMs),
    fromSibling: arrivals.before(fromOriginMs + siblingMs),
  }
}

/** The first player at the edge that fills: it asks, or a sibling's question came before it, whose fill it joins or hits. */
function countFiller(
  input: SpreadInput,
  { filler, first, firstMs }: { filler: number; first: number; firstMs: number },
  releasedAt: number,
  output: SpreadOutput,
): void {
  const { arrivals, originMs, siblingMs, bodyMs } = input
  const askedMs = first < filler ? firstMs + siblingMs : firstMs
  if (first === filler || filler <= arrivals.before(askedMs)) {
    output.forwarded++
    output.collapsed += joined(input, filler, releasedAt, 2 * originMs)
    return
  }
  const wholeAt = Math.max(releasedAt, arrivals.before(askedMs + 2 * originMs + bodyMs))
  if (filler < wholeAt) output.collapsed += 1 + (wholeAt - filler)
}

/** Requests that came between the first one and the end of its fill, at an edge whose first came at `own`. */
function joined({ arrivals, bodyMs }: SpreadInput, own: number, releasedAt: number, roundTripMs: number): number {
  if (own < releasedAt) return releasedAt - own
  return Math.max(0, arrivals.before(arrivals.instantOf(own) + roundTripMs + bodyMs) - own)
}

function askOrigin({ originMs, releaseMs }: SpreadInput, atMs: number, output: SpreadOutput): void {
  output.originRequests++
  const second = secondOf(atMs)
  output.originBySecond[second] = (output.originBySecond[second] as number) + 1
  const arrivesMs = atMs + originMs
  if (arrivesMs >= releaseMs) return
  output.held++
  output.heldMs += releaseMs - arrivesMs
}

function askSibling(atMs: number, output: SpreadOutput): void {
  output.siblingRequests++
  const second = secondOf(atMs)
  output.siblingBySecond[second] = (output.siblingBySecond[second] as number) + 1
}

const secondOf = (atMs: number): number =>
  Math.min(spreadSeconds - 1, Math.max(0, Math.floor((atMs - liveFromMs) / 1_000)))
