import { formatProblem, problemContentType } from '../../live/problem.ts'
import { type OriginReason, originReasons } from '../../live/reasons.ts'
import { between, type EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { DescribeVerdict, Lifetime, RefuseVerdict, ServeVerdict } from '../core/verdict.ts'
import { formatKey } from '../store/segment-store.ts'
import type { Exchange } from './exchange.ts'
import {
  candidateFields,
  EventFields,
  type Fields,
  lifetimeFields,
  lifetimeMs,
  mediaServerFields,
  publicFields,
} from './fields.ts'
import { type FreshBody, isLost, type OriginRuntime } from './origin-runtime.ts'
import { isKnown, rangeStands, readRange } from './range.ts'
import { Texts } from './texts.ts'

// What the delivery side's answers consist of: bodies whole or in part, texts, problem details, and their fields.

export class Replies {
  readonly #origin: OriginRuntime
  readonly #eventFields: EventFields
  readonly #texts = new Texts()

  constructor(origin: OriginRuntime) {
    this.#origin = origin
    this.#eventFields = new EventFields(origin.core, origin.config.region)
  }

  /** Sends a stored body to all of `exchanges`, each as it asked for it. */
  serve(exchanges: readonly Exchange[], verdict: ServeVerdict, fresh: FreshBody | undefined): void {
    const { candidate, lifetime } = verdict
    const [first] = exchanges
    if (!first) return
    const kind = this.#kindOf(candidate.rendition)
    const fields = [...candidateFields(candidate, kind), ...lifetimeFields(lifetime, now()), ...this.#eventFields.get()]
    const wanting = exchanges.filter(exchange => {
      if (isKnown(exchange.field('if-none-match'), candidate.etag))
        exchange.send(304, this.#ownFields(exchange, fields, verdict), undefined)
      else if (exchange.request.method === 'HEAD') this.#sendBody(exchange, fields, verdict, undefined)
      else return true
      return false
    })
    const isFresh =
      fresh?.candidate.pipeline === candidate.pipeline &&
      fresh.candidate.rendition === candidate.rendition &&
      fresh.candidate.number === candidate.number
    if (fresh && isFresh) {
      for (const exchange of wanting) {
        this.#noteBody(exchange, verdict, 'the publish that released it', now())
        this.#sendBody(exchange, fields, verdict, fresh.body)
      }
    } else if (wanting.length > 0) this.#readAndSend(wanting, fields, verdict)
  }

  #readAndSend(exchanges: readonly Exchange[], fields: Fields, verdict: ServeVerdict): void {
    const { candidate } = verdict
    const askedMs = now()
    this.#origin.bodyOf(candidate).then(
      body => {
        if (exchanges[0]) this.#origin.books.heldBodyRead(exchanges[0], this.#origin.config.region, now())
        for (const exchange of exchanges) {
          this.#noteBody(exchange, verdict, 'the store', askedMs)
          this.#sendBody(exchange, fields, verdict, body)
        }
      },
      (error: Error) => {
        const key = formatKey(this.#origin.store.keyOf(candidate))
        this.#origin.complaints.say(`the store did not give ${key}: ${error.message}`)
        this.#serveAnother(exchanges, isLost(error))
      },
    )
  }

  /** The body could not be read: where it is lost for good, the core has chosen anew, or says for how long there is none. */
  #serveAnother(exchanges: readonly Exchange[], isLost: boolean): void {
    const [first] = exchanges
    if (!first) return
    const { core, books } = this.#origin
    const verdict = isLost ? core.inspect({ address: first.address, asker: first.edge?.edge }, now()) : undefined
    if (verdict?.do === 'serve') {
      for (const exchange of exchanges) exchange.reason = verdict.reason
      this.serve(exchanges, verdict, undefined)
      return
    }
    const lifetime = verdict?.do === 'refuse' && verdict.reason === 'store-failed' ? verdict.lifetime : undefined
    for (const exchange of exchanges) {
      books.reason('store-failed')
      this.problem(exchange, 503, 'store-failed', lifetime)
    }
  }

  /** For `explain`: where the body of this answer came from, and since when it was asked for there. */
  #noteBody({ id }: Exchange, { candidate }: ServeVerdict, from: string, askedMs: EpochMs): void {
    const { pipeline, bodyBytes } = candidate
    this.#origin.log.write({ note: 'body', id, from, pipeline, bytes: bodyBytes, askedMs, atMs: now() })
  }

  /** One answer from `body` (undefined for HEAD): whole, a part, or 416. */
  #sendBody(exchange: Exchange, fields: Fields, verdict: ServeVerdict, body: Uint8Array | undefined): void {
    const { etag, bodyBytes } = verdict.candidate
    const own = this.#ownFields(exchange, fields, verdict)
    const asked = body && rangeStands(exchange.field('if-range'), etag) ? exchange.field('range') : undefined
    const range = readRange(asked, bodyBytes)
    if (range.is === 'unsatisfiable') {
      const text = Buffer.from(
        formatProblem({ status: 416, reason: verdict.reason, detail: 'the range lies behind the end' }),
      )
      const problem = [
        'content-type',
        problemContentType,
        'content-length',
        String(text.length),
        'cache-control',
        'no-store',
      ]
      const range = ['content-range', `bytes */${bodyBytes}`]
      exchange.send(416, [...problem, ...range, ...this.#eventFields.get(), ...this.#closing(exchange)], text)
    } else if (range.is === 'part' && body) {
      const { from, to } = range.range
      const part = body.subarray(from, (to as number) + 1)
      const about = ['content-length', String(part.length), 'content-range', `bytes ${from}-${to}/${bodyBytes}`]
      exchange.send(206, [...own, ...about], part)
    } else exchange.send(200, [...own, 'content-length', String(bodyBytes)], body)
  }

  /** `fields` and what is of this one request: how long it was held, and where its time went. */
  #ownFields(exchange: Exchange, fields: Fields, verdict: ServeVerdict): Fields {
    const { config, core } = this.#origin
    const { candidate } = verdict
    const { arrivedMs, releasedMs } = exchange
    const isInit = candidate.number === undefined
    return [
      ...fields,
      ...mediaServerFields({
        server: config.name,
        kind: isInit ? 'i' : this.#kindOf(candidate.rendition) === 'audio' ? 'a' : 'v',
        availableMs: candidate.storedMs,
        segmentMs: isInit ? undefined : core.eventConfig().segmentMs,
        heldMs: releasedMs === undefined ? undefined : between(arrivedMs, releasedMs),
        delayMs: core.faults().slowMs,
        duress: core.isShedding(now()),
      }),
      ...this.#closing(exchange),
    ]
  }

  /** Sends a refusal of the core's. */
  refuse(exchange: Exchange, { status, reason, lifetime }: RefuseVerdict): void {
    this.problem(exchange, status, reason, lifetime)
  }

  /** Sends problem details; without a lifetime they are kept by nobody. */
  problem(
    exchange: Exchange,
    status: number,
    reason: OriginReason,
    lifetime: Lifetime | undefined,
    detail: string = originReasons[reason],
    more: Fields = this.#closing(exchange),
  ): void {
    exchange.reason = reason
    const sentMs = now()
    const askAgainInMs = lifetime && lifetimeMs(lifetime, sentMs)
    const text = Buffer.from(formatProblem({ status, reason, detail, askAgainInMs }))
    const about = ['content-type', problemContentType, 'content-length', String(text.length)]
    // What is not of the event must not speak of it: an edge would learn its state under another name.
    const isOfEvent = exchange.address?.event === this.#origin.config.event.event
    const state = isOfEvent ? this.#eventFields.get() : publicFields
    exchange.send(status, [...about, ...lifetimeFields(lifetime, sentMs), ...state, ...more], text)
  }

  /** Sends a text that describes the event. */
  describe(exchange: Exchange, verdict: DescribeVerdict): void {
    const { body, etag, contentType } = this.#texts.get(this.#origin.core.eventConfig(), verdict)
    const fields = [
      'content-type',
      contentType,
      'etag',
      etag,
      ...lifetimeFields(verdict.lifetime, now()),
      ...this.#eventFields.get(),
      ...this.#closing(exchange),
    ]
    if (isKnown(exchange.field('if-none-match'), etag)) exchange.send(304, fields, undefined)
    else exchange.send(200, [...fields, 'content-length', String(body.length)], body)
  }

  /** The last fields of every answer: where time went, and whether the connection ends. */
  #closing({ arrivedMs, releasedMs }: Exchange): Fields {
    const { config, draining } = this.#origin
    const heldMs = releasedMs === undefined ? 0 : (between(arrivedMs, releasedMs) as number)
    const workMs = (between(arrivedMs, now()) as number) - heldMs
    const timing = `hold;dur=${heldMs.toFixed(1)}, origin;dur=${workMs.toFixed(1)}`
    return [...(config.serverTiming ? ['server-timing', timing] : []), ...(draining ? ['connection', 'close'] : [])]
  }

  #kindOf(rendition: string): 'video' | 'audio' {
    return this.#origin.config.event.renditions.find(({ name }) => name === rendition)?.kind ?? 'video'
  }
}
