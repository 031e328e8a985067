import { parseAddress } from '../../live/address.ts'
import { requestIdField } from '../../live/live-state.ts'
import { formatProblem } from '../../live/problem.ts'
import { type EdgeReason, edgeReasons } from '../../live/reasons.ts'
import { type Bytes, between, type EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { EdgeCore } from '../core/edge.ts'
import { isCacheable } from '../core/methods.ts'
import { formatContentRange } from '../core/range.ts'
import { type Rendering, renderHead, renderShort } from '../core/response-head.ts'
import type { CopyHead, Question, ShortAnswer } from '../core/verdict.ts'
import { type DeliveryPlan, planDelivery } from './delivery-plan.ts'
import type { Exchange } from './exchange.ts'

// Heads of responses: what the core says of the answer, and what belongs to this one message.

/** Why and how a copy is delivered. */
export interface Delivered {
  readonly reason: EdgeReason
  readonly collapsed: boolean
}

export interface ResponderOptions {
  readonly name: string
  readonly xCacheStatus: boolean
  readonly serverTiming: boolean
}

/** Players run in browsers, on pages of other origins, and read more than the safelisted fields. */
const crossOrigin = { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' }

/** What describes a body that a 304 or 416 does not have (RFC 9110, 15.4.5). */
const ofTheBody = new Set(['content-length', 'content-type', 'content-encoding', 'content-language', 'content-range'])

export class Responder {
  readonly #core: EdgeCore
  readonly #options: ResponderOptions
  /** Heads of one millisecond: all who waited for a fill get the same one, but for what names their own request. */
  readonly #heads = new Map<string, readonly string[]>()
  #headsOfMs = 0

  constructor(core: EdgeCore, options: ResponderOptions) {
    this.#core = core
    this.#options = options
  }

  /** Sends the head for what `exchange` gets of a copy; undefined when that cannot be said before more has come. */
  begin(
    exchange: Exchange,
    head: CopyHead,
    receivedBytes: Bytes,
    how: Delivered,
    at = now(),
  ): DeliveryPlan | undefined {
    const { method } = exchange.question
    const plan = planDelivery({ method, headers: exchange.request.headers }, head, receivedBytes)
    if (!plan) return undefined
    const fields = [...this.#headOf(exchange, head, how, plan, at)]
    const length = contentLength(method, head, plan)
    if (length !== undefined) fields.push('content-length', String(length))
    if (plan.range) fields.push('content-range', formatContentRange(plan.range, head.bodyBytes as Bytes))
    this.#addOwn(exchange, fields, at)
    // That an upstream answered says less than why it was asked.
    if (how.reason !== 'upstream-answer') exchange.reason = how.reason
    exchange.begin(plan.status, fields)
    return plan
  }

  /** Answers without a copy: problem details with the reason. */
  answer(exchange: Exchange, answer: ShortAnswer, at = now()): void {
    const { reason, status, askAgainInMs } = answer
    const body = Buffer.from(formatProblem({ status, reason, detail: edgeReasons[reason], askAgainInMs }))
    const fields = flat(renderShort(answer, this.#rendering(exchange.question, { reason, collapsed: false }, at)))
    fields.push('content-length', String(body.length))
    this.#addOwn(exchange, fields, at)
    exchange.reason = reason
    exchange.begin(status, fields)
    exchange.end(body)
  }

  /**
   * The head of a whole, stored copy, names and values in turn: what stands before the request's name and what behind
   * it. The fast path writes it by itself, so that both ways say the same.
   */
  headOfHit(question: Question, head: CopyHead, reason: EdgeReason, at: EpochMs): [before: string[], behind: string[]] {
    const before = this.#fieldsOf(question, head, { reason, collapsed: false }, at)
    before.push('content-length', String(head.bodyBytes))
    return [before, this.#timing(at, at)]
  }

  #headOf(exchange: Exchange, head: CopyHead, how: Delivered, plan: DeliveryPlan, at: EpochMs): readonly string[] {
    const wholeMs = Math.floor(at as number)
    if (wholeMs !== this.#headsOfMs) this.#heads.clear()
    this.#headsOfMs = wholeMs
    const bodyless = plan.status === 304 || plan.status === 416
    const to = exchange.question.sibling ? 'sibling' : 'player'
    const isPart = plan.range !== undefined
    const key = `${head.copy} ${how.reason} ${how.collapsed} ${to} ${bodyless} ${isPart}`
    const known = this.#heads.get(key)
    if (known) return known
    const without = bodyless ? ofTheBody : isPart ? partFields : lengths
    const made = this.#fieldsOf(exchange.question, head, how, at, without)
    this.#heads.set(key, made)
    return made
  }

  #fieldsOf(question: Question, head: CopyHead, how: Delivered, at: EpochMs, without = lengths): string[] {
    const fields = renderHead(head, this.#rendering(question, how, at))
    // The answer to what went through is handed on as the origin gave it.
    if (!isCacheable(question.method)) return flat(fields, without, {})
    if (without !== ofTheBody) fields['accept-ranges'] = 'bytes'
    return flat(fields, without)
  }

  #rendering({ path, sibling }: Question, { reason, collapsed }: Delivered, at: EpochMs): Rendering {
    const event = parseAddress(path.split('?', 1)[0] as string)?.event
    return {
      now: at,
      cacheName: this.#options.name,
      to: sibling ? 'sibling' : 'player',
      reason,
      collapsed,
      event: event === undefined ? undefined : this.#core.eventState(event),
      words: this.#options.xCacheStatus,
    }
  }

  #addOwn(exchange: Exchange, fields: string[], at: EpochMs): void {
    fields.push(requestIdField, exchange.id, ...this.#timing(exchange.arrivedMs, at))
  }

  #timing(arrivedMs: EpochMs, at: EpochMs): string[] {
    return this.#options.serverTiming ? ['server-timing', `edge;dur=${between(arrivedMs, at).toFixed(1)}`] : []
  }
}

/** Stated for each message anew. */
const lengths = new Set(['content-length'])
const partFields = new Set(['content-length', 'content-range'])

type Fields = Readonly<Record<string, string>>

/** Names and values in turn, which is what Node's HTTP writes without looking at them again; over those of `under`. */
function flat(fields: Fields, without: ReadonlySet<string> = lengths, under: Fields = crossOrigin): string[] {
  const list: string[] = []
  for (const [name, value] of Object.entries({ ...under, ...fields })) {
    if (!without.has(name)) list.push(name, value)
  }
  return list
}

function contentLength(method: string, head: CopyHead, plan: DeliveryPlan): Bytes | undefined {
  if (plan.status === 304 || plan.status === 204) return undefined
  if (plan.status === 416) return 0
  if (method === 'HEAD') return head.bodyBytes
  return plan.end === undefined ? undefined : (plan.end as number) - (plan.from as number)
}
