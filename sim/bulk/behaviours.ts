import { after } from '../../live/units.ts'
import { type Audience, audienceOf } from './audience.ts'
import { fleetSourceOf, liveInCalm, liveThroughSpan, liveThroughWhole } from './behaviour.ts'
import { type CalmFacts, calmFactsOf, type SpanFacts, spanFactsOf } from './facts.ts'
import { type Fate, nameOf, spanOf, touches } from './faults.ts'
import { fatesThatAre, groupsOf } from './groups.ts'
import type { BulkWorld } from './layout.ts'

// Which times of a storm are lived through by a simulated site, and which are calm: a short storm as a whole; of a long
// one the time around each fault and each push. The rest is calm, and one pattern stands for all of it.

/** A storm up to this long is lived through as a whole. */
const wholeMs = 300_000
/** How long after a fault's end its echoes are followed: a player's longest schedule of retries, and its stalls. */
const echoMs = 60_000
const beforeMs = 4_000

export interface Behaviours {
  readonly audience: Audience
  /** By the name of the fate, in the order of time. */
  readonly spans: ReadonlyMap<string, readonly SpanFacts[]>
  /** Absent where the whole storm was lived through. */
  readonly calm: CalmFacts | undefined
}

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** The times of a long storm that are not calm for the sites of `fate`, ms from its start, joined where they overlap. */
function unquietSpans(world: BulkWorld, fate: Fate): Span[] {
  const { segmentMs } = world.event
  const durationMs = world.durationMs as number
  const grid = (ms: number, round: (value: number) => number): number =>
    Math.min(durationMs, Math.max(0, round(ms / segmentMs) * segmentMs))
  const around = ({ fromMs, toMs }: Span): Span => ({
    fromMs: grid(fromMs - beforeMs, Math.floor),
    toMs: grid(toMs + echoMs, Math.ceil),
  })
  const spans = world.faults
    .filter((fault, place) => touches(fault, place, fate))
    .map(spanOf)
    .map(around)
    .filter(({ fromMs, toMs }) => toMs > fromMs)
    .sort((a, b) => a.fromMs - b.fromMs)
  const joined: Span[] = []
  for (const span of spans) {
    const last = joined.at(-1)
    if (last && span.fromMs <= last.toMs) joined[joined.length - 1] = { ...last, toMs: Math.max(last.toMs, span.toMs) }
    else joined.push(span)
  }
  return joined
}

/**
 * Lives through all that has to be lived through. `onSite` is told how many of how many sites are done; with `stopped`
 * the sites that are left are taken for calm.
 */
export function behavioursOf(
  world: BulkWorld,
  curve: Audience | undefined = undefined,
  onSite: (done: number, of: number) => void = () => undefined,
  stopped: () => boolean = () => false,
): Behaviours {
  const groups = groupsOf(world)
  const fates = fatesThatAre(groups)
  const audience = curve ?? audienceOf(fleetSourceOf(world), world.viewers, world.event.segmentMs)
  // A viewer curve says how many there are, not who comes when: it is followed period by period.
  const isWhole = curve === undefined && (world.durationMs as number) <= wholeMs
  const todo = fates.flatMap(fate => (isWhole ? [undefined] : unquietSpans(world, fate)).map(span => ({ fate, span })))
  const total = todo.length + (isWhole ? 0 : 1)
  const spans = new Map<string, SpanFacts[]>()
  for (const [done, { fate, span }] of todo.entries()) {
    if (stopped() && !(isWhole && done === 0)) break
    const name = nameOf(fate)
    const classes = groups.filter(group => nameOf(group.fate) === name)
    const lived = span
      ? liveThroughSpan(world, fate, classes, audience, placed(world, span))
      : liveThroughWhole(world, fate, classes)
    spans.set(name, [...(spans.get(name) ?? []), spanFactsOf(lived, world.policy.designatedFill)])
    onSite(done + 1, total)
  }
  if (isWhole) return { audience, spans, calm: undefined }
  const pattern = liveInCalm(world, fates[0] as Fate, groups, after(world.startMs, calmAtMs(world)))
  onSite(total, total)
  return { audience, spans, calm: calmFactsOf(pattern, world.policy.designatedFill) }
}

const placed = ({ startMs }: BulkWorld, { fromMs, toMs }: Span) => ({
  fromMs: after(startMs, fromMs),
  toMs: after(startMs, toMs),
})

/** A calm time with a whole DVR window behind it, where the storm has one. */
const calmAtMs = ({ durationMs, event }: BulkWorld): number =>
  Math.max(
    0,
    Math.min(
      (durationMs as number) - 60_000,
      Math.floor((event.dvrWindowMs + 10_000) / event.segmentMs) * event.segmentMs,
    ),
  )
