import { STATUS_CODES } from 'node:http'
import { parseAddress, segmentPath } from '../../live/address.ts'
import { limits } from '../../live/limits.ts'
import { requestIdField } from '../../live/live-state.ts'
import { after, between, type EpochMs, type Ms } from '../../live/units.ts'
import type { EdgeCore } from '../core/edge.ts'
import type { CopyHead, Question, Verdict } from '../core/verdict.ts'
import type { Copies, Copy } from './copies.ts'
import type { Responder } from './responder.ts'

// What the fast path knows of the segments that it has answered for: the core's verdict for as long as it stands, and
// the head of the answer for as long as only the milliseconds in it change.

/** A segment's answer from storage. */
export interface Hit {
  readonly question: Question
  readonly verdict: HitVerdict
  readonly copy: Copy
  readonly body: Buffer
  readonly head: HitHead
}

export type HitVerdict = Extract<Verdict, { do: 'serve' }>

interface Known {
  readonly question: Question
  readonly verdict: HitVerdict
  readonly copyHead: CopyHead
  /** The core's count of changes when it gave the verdict. */
  readonly changes: number
  head: HitHead
}

export interface HitsParts {
  readonly core: EdgeCore
  readonly copies: Copies
  readonly responder: Responder
  /** Every request is asked of the core, because its calls are written down. */
  readonly asksEachTime: boolean
}

export class Hits {
  readonly #parts: HitsParts
  readonly #known = new Map<string, Known>()

  constructor(parts: HitsParts) {
    this.#parts = parts
  }

  /** The hit that a player's GET for `path` is at `at`; undefined: it is something else, and nothing has changed. */
  find(path: string, at: EpochMs): Hit | undefined {
    const { core, copies, responder, asksEachTime } = this.#parts
    const before = this.#known.get(path)
    // As long as no event comes between, a verdict holds until its end (edge/core/verdict.ts).
    const stands = before && before.changes === core.changes() && at < before.verdict.validUntilMs
    const known = stands ? before : this.#ask(path, at)
    const copy = known && copies.get(known.verdict.copy)
    const body = copy?.state === 'whole' ? copy.piece(0, Number.POSITIVE_INFINITY) : undefined
    if (!copy || !body) return undefined
    if (asksEachTime) core.ask(known.question, at)
    if (at < known.head.fromMs || at >= known.head.untilMs) known.head = prebuild(known, responder, at)
    return { question: known.question, verdict: known.verdict, copy, body, head: known.head }
  }

  #ask(path: string, at: EpochMs): Known | undefined {
    const { core, responder } = this.#parts
    const address = parseAddress(path)
    if (address?.kind !== 'segment') return undefined
    // Made anew, because a path that was cut out of what a client sent keeps all of that in memory.
    const { event, rendition, number } = address
    const question = { method: 'GET', path: segmentPath(event, rendition, number) } as const
    const verdict = core.inspect(question, at)
    if (verdict.do !== 'serve' || verdict.reason !== 'hit' || verdict.refresh) return undefined
    const copyHead = core.copyHead(verdict.copy)
    if (copyHead?.status !== 200 || !copyHead.complete) return undefined
    const found = { question, verdict, copyHead, changes: core.changes() }
    const known = { ...found, head: prebuild(found, responder, at) }
    if (this.#known.size >= limits.fastPathAddresses) this.#known.clear()
    this.#known.set(question.path, known)
    return known
  }
}

/** The text of a head but for the milliseconds that are left of the lifetime, and the request's name. */
export interface HitHead {
  readonly beforeLeft: string
  /** Absent where the head does not state what is left: then it holds for one instant. */
  readonly beforeId: string | undefined
  readonly behindId: string
  readonly freshUntilMs: EpochMs
  /** From this instant until before that one nothing else in it changes. */
  readonly fromMs: EpochMs
  readonly untilMs: EpochMs
}

/** The head as it leaves at `at`, as the answer to the request named `id`. */
export const headText = (head: HitHead, id: string, at: EpochMs): string =>
  head.beforeId === undefined
    ? head.beforeLeft + id + head.behindId
    : head.beforeLeft + leftMs(head, at) + head.beforeId + id + head.behindId

const secondMs = 1_000
const leftField = ';ttl-ms='

const leftMs = ({ freshUntilMs }: Pick<CopyHead, 'freshUntilMs'>, at: EpochMs): number =>
  Math.floor(between(at, freshUntilMs) as number)

/** Writes the head for `at`: with the fields of every other answer, in the way in which node:http writes it. */
function prebuild(known: Pick<Known, 'question' | 'copyHead' | 'verdict'>, responder: Responder, at: EpochMs): HitHead {
  const { copyHead, question, verdict } = known
  const [before, behind] = responder.headOfHit(question, copyHead, verdict.reason, at)
  const dated = before.some((name, index) => index % 2 === 0 && name === 'date')
  const date = dated ? '' : `Date: ${new Date().toUTCString()}\r\n`
  const text = `HTTP/1.1 ${copyHead.status} ${STATUS_CODES[copyHead.status]}\r\n${lines(before)}${requestIdField}: `
  const behindId = `\r\n${lines(behind)}${date}${keptAlive}`
  const { freshUntilMs } = copyHead
  const left = leftField + leftMs(copyHead, at)
  const place = text.lastIndexOf(left)
  if (place < 0) return { beforeLeft: text, beforeId: undefined, behindId, freshUntilMs, fromMs: at, untilMs: at }
  return {
    beforeLeft: text.slice(0, place + leftField.length),
    beforeId: text.slice(place + left.length),
    behindId,
    freshUntilMs,
    fromMs: at,
    untilMs: after(at, untilNextSecondMs(copyHead, dated, at)),
  }
}

const keptAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(limits.keepAliveMs / secondMs)}\r\n\r\n`

function lines(fields: readonly string[]): string {
  let text = ''
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  return text
}

/** Until a whole second of what the head says begins: of the age, of what is left of the lifetime, of the date. */
function untilNextSecondMs(copyHead: CopyHead, dated: boolean, at: EpochMs): Ms {
  const { arrivedMs, initialAgeMs, freshUntilMs } = copyHead
  const agedMs = (between(arrivedMs, at) as number) + (initialAgeMs as number)
  const untilOlderMs = secondMs - (agedMs - Math.floor(agedMs / secondMs) * secondMs)
  const untilShorterMs = (between(at, freshUntilMs) as number) % secondMs
  const untilLaterMs = dated ? secondMs : secondMs - (Date.now() % secondMs)
  return Math.min(untilOlderMs, untilShorterMs, untilLaterMs)
}
