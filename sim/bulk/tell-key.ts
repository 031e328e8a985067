import type { Again, KeyFacts, SpanFacts } from './facts.ts'
import { type GroupContext, ownShareIn, servingAt } from './group-context.ts'
import { liveFromMs, liveUntilMs } from './layout.ts'
import { addAt } from './series.ts'
import { type SpreadInput, type SpreadOutput, spreadSeconds } from './spread.ts'

// What was decided for the keys of one rendition and number, added to the series of the storm.

export interface DecidedKey {
  readonly facts: KeyFacts
  readonly input: SpreadInput
  readonly output: SpreadOutput
  readonly span: SpanFacts | undefined
  readonly rendition: number
  /** The second of the storm in which the key's live time begins. */
  readonly second: number
}

export function tellKey(context: GroupContext, key: DecidedKey): void {
  tellPlayers(context, key)
  tellFirst(context, key)
  for (const again of key.facts.again) tellAgain(context, key, again)
}

/** When those who wait get their answer. */
const releaseSecondOf = ({ facts, input, second }: DecidedKey): number => {
  const headMs = Math.min(liveUntilMs, facts.releaseMs + input.originMs)
  return second + Math.floor((headMs - liveFromMs) / 1_000)
}

/** Requests of players and the bytes that they get. */
function tellPlayers(context: GroupContext, key: DecidedKey): void {
  const { series, edges, bodyBytes } = context
  const { facts, input, output, rendition, second } = key
  const bytes = bodyBytes[rendition] as number
  const releaseSecond = releaseSecondOf(key)
  const waiting = edges * input.arrivals.before(facts.releaseMs + input.originMs)
  const requests = series.get('edge.requests')
  const own = ownShareIn(context, key.span)
  let before = 0
  for (let step = 0; step < spreadSeconds; step++) {
    const upTo = edges * input.arrivals.before(liveFromMs + (step + 1) * 1_000)
    addAt(requests, second + step, upTo - before)
    if (own > 0) tellOwn(context, second + step, (upTo - before) * own, bytes)
    const waits = Math.max(0, Math.min(upTo, waiting) - before)
    sendBody(context, second + step, (upTo - before - waits) * bytes)
    sendBody(context, releaseSecond, waits * bytes)
    // A level, not a count: who waits does so in every second until the release.
    if (second + step <= releaseSecond) addAt(series.get('edge.waiting'), second + step, Math.min(upTo, waiting))
    before = upTo
  }
  const joined = facts.status === 200 ? output.collapsed : 0
  addAt(series.get('edge.collapsed'), releaseSecond, joined + facts.joinedLater * context.group.viewerShare)
  addAt(series.get('edge.forwarded'), releaseSecond, output.forwarded)
}

/** A body travels to its player for about a segment's length. */
function sendBody({ series, world }: GroupContext, second: number, bytes: number): void {
  if (bytes === 0) return
  const over = Math.max(1, Math.round(world.event.segmentMs / 1_000))
  for (let step = 0; step < over; step++) addAt(series.get('edge.bytes'), second + step, bytes / over)
}

/** The first request of each filler. */
function tellFirst(context: GroupContext, key: DecidedKey): void {
  const { series, bodyBytes } = context
  const { facts, output, rendition, second } = key
  const region = servingAt(context, second)
  const answered = facts.status === 200 ? 'origin.fills' : facts.status < 0 ? 'origin.unreachable' : 'origin.probes'
  // Nobody listens where a region is gone: these asked the group's own.
  const asked = facts.status < 0 ? context.group.region : region
  const [requests, answers] = [series.origin('origin.requests', region), series.origin(answered, asked)]
  const siblings = series.get('site.requests')
  for (let step = 0; step < spreadSeconds; step++) {
    const asks = output.originBySecond[step] as number
    if (asks > 0 && facts.status >= 0) addAt(requests, second + step, asks)
    if (asks > 0) addAt(answers, second + step, asks)
    addAt(siblings, second + step, output.siblingBySecond[step] as number)
  }
  const releaseSecond = releaseSecondOf(key)
  tellHeld(series.origin('origin.held', region), output, second, releaseSecond)
  if (facts.status !== 200) return
  const bytes = bodyBytes[rendition] as number
  addAt(series.origin('origin.bytes', region), releaseSecond, output.originRequests * bytes)
  addAt(series.get('site.bytes'), releaseSecond, output.siblingRequests * bytes)
}

/** Held requests are a level: each counts in every second from its arrival to the release. */
function tellHeld(held: Float64Array, output: SpreadOutput, second: number, releaseSecond: number): void {
  if (output.held === 0) return
  const share = output.held / output.originRequests
  let arrived = 0
  for (let step = 0; step < spreadSeconds && second + step <= releaseSecond; step++) {
    arrived += output.originBySecond[step] as number
    addAt(held, second + step, arrived * share)
  }
}

/** What fillers and their siblings asked again, because the first answer brought nothing. */
function tellAgain(context: GroupContext, key: DecidedKey, again: Again): void {
  const { series, edges, fillers, group, bodyBytes } = context
  const bytes = bodyBytes[key.rendition] as number
  const second = key.second + Math.floor((again.offsetMs - liveFromMs) / 1_000)
  // Where nobody had asked, nobody asks again.
  const share = (again.count * key.output.askedKeys) / edges
  if (!again.toOrigin) {
    const requests = share * (edges - group.sites)
    addAt(series.get('site.requests'), second, requests)
    if (again.isFill) addAt(series.get('site.bytes'), second, requests * bytes)
    return
  }
  const region = servingAt(context, second)
  const requests = share * fillers
  if (again.isUnreachable) {
    addAt(series.origin('origin.unreachable', group.region), second, requests)
    return
  }
  addAt(series.origin('origin.requests', region), second, requests)
  addAt(series.origin(again.isFill ? 'origin.fills' : 'origin.probes', region), second, requests)
  if (again.isFill) addAt(series.origin('origin.bytes', region), second, requests * bytes)
  if (again.heldMs > 0) addAt(series.origin('origin.held', region), second + Math.floor(again.heldMs / 1_000), requests)
}

/** Requests that do not collapse: as large a share of them reaches the origin as the cores have shown. */
function tellOwn(context: GroupContext, second: number, requests: number, bytes: number): void {
  const { series } = context
  const region = servingAt(context, second)
  addAt(series.origin('origin.requests', region), second, requests)
  addAt(series.origin('origin.fills', region), second, requests)
  addAt(series.origin('origin.bytes', region), second, requests * bytes)
  addAt(series.get('edge.forwarded'), second, requests)
}
