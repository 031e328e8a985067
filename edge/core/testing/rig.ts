import { eventDefaults, type LiveEvent, parseLiveEvent } from '../../../live/event.ts'
import { lifetimeHeaders } from '../../../live/lifetimes.ts'
import { expectedPublication } from '../../../live/template.ts'
import { type EdgeConfig, EdgeCore } from '../edge.ts'
import { type EdgePolicy, policyOf } from '../policy.ts'
import type { Effect, Question, UpstreamHead, Verdict } from '../verdict.ts'

// What the tests of the edge's core share: an event, answers of an origin, and a core of which effects can be asked.

export const startMs = 1_700_000_000_000

export const event = (changes: Partial<LiveEvent> = {}): LiveEvent =>
  parseLiveEvent({
    ...eventDefaults,
    event: 'final',
    startMs,
    endMs: startMs + 600_000,
    renditions: [
      { name: 'v1', kind: 'video', bitsPerSecond: 1_000_000, codecs: 'avc1', timescale: 90_000 },
      { name: 'v2', kind: 'video', bitsPerSecond: 2_000_000, codecs: 'avc1', timescale: 90_000 },
    ],
    ...changes,
  })

export const segment = (number: number, rendition = 'v1'): Question => ({
  method: 'GET',
  path: `/live/final/${rendition}/${number}.m4s`,
})

/** The instant at which segment `number` should be published. */
export const publication = (number: number): number => expectedPublication(event(), number) as number

export const answer = (status: number, ttlMs: number, headers: Record<string, string> = {}): UpstreamHead => ({
  status,
  headers: { 'content-length': '1000', etag: '"e1"', ...lifetimeHeaders(ttlMs), ...headers },
})

export const fromSibling = (
  question: Question,
  edge: string,
  state = { version: 1, sequence: 0 },
  boundMs = 3_400,
) => ({
  ...question,
  sibling: { edge, asked: state, boundMs },
})

type EffectOf<Kind extends Effect['do']> = Extract<Effect, { do: Kind }>

/** The effects of one kind. */
export const only = <Kind extends Effect['do']>(effects: readonly Effect[], kind: Kind): EffectOf<Kind>[] =>
  effects.filter((effect): effect is EffectOf<Kind> => effect.do === kind)

/** The one effect of a kind; fails when there are none or several. */
export function one<Kind extends Effect['do']>(effects: readonly Effect[], kind: Kind): EffectOf<Kind> {
  const [first, ...rest] = only(effects, kind)
  if (!first || rest.length > 0) throw new Error(`one ${kind} expected among ${JSON.stringify(effects)}`)
  return first
}

/** An edge that knows the event. */
export function edge(policy: string | EdgePolicy = 'oca', config: Partial<EdgeConfig> = {}, known = event()): EdgeCore {
  const chosen = typeof policy === 'string' ? policyOf(policy) : policy
  const core = new EdgeCore({ name: 'a1', site: 'a', policy: chosen, ...config })
  core.learn(known, startMs)
  return core
}

/** Asks and hands back what followed. */
export function ask(core: EdgeCore, question: Question, now: number) {
  const { verdict, admission } = core.ask(question, now)
  return { verdict, ticket: admission.ticket, effects: admission.effects }
}

/** A whole answer to a fetch: head, `bytes`, end. */
export function answerWhole(core: EdgeCore, fetch: number, head: UpstreamHead, now: number, bytes = 1_000): Effect[] {
  return [...core.fetchHead(fetch, head, now), ...core.fetchBytes(fetch, bytes, now), ...core.fetchEnd(fetch, now)]
}

/** Asks for `question` and answers the fetch that follows with `head`, whole. */
export function fill(core: EdgeCore, question: Question, head: UpstreamHead, now: number): Effect[] {
  return answerWhole(core, one(ask(core, question, now).effects, 'fetch').fetch, head, now)
}

/** The copy that a verdict serves; fails when it serves none. */
export function served(verdict: Verdict): number {
  if (verdict.do !== 'serve') throw new Error(`a copy expected, not ${JSON.stringify(verdict)}`)
  return verdict.copy
}
