import { hitReasons } from '../../edge/core/response-head.ts'
import type { Verdict } from '../../edge/core/verdict.ts'
import { type EdgeReason, edgeReasons } from '../../live/reasons.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import type { ObjectId } from '../objects.ts'
import { haveRead } from '../read-ahead.ts'
import type { SimEdge } from './edge.ts'
import { saidFor, shortBytes } from './edge-answers.ts'
import type { Exchange } from './exchange.ts'
import { deciders, edgeReasonPlaces, foldEdgeVerdict } from './folding.ts'
import type { SharedAnswer, SharedAnswers } from './shared-answers.ts'
import { isWrong, noFacts } from './upstream-call.ts'
import { Waits } from './waits.ts'

// Verdicts that many requests share: an answer out of storage or of the edge's own making changes no state, and holds
// until its end as long as no event comes between (edge/core/verdict.ts). The core is asked once, and everybody who comes
// meanwhile is let in with the same verdict; what they are counted as is added up here and handed to the recorder later.

const reasonNames = Object.keys(edgeReasons) as EdgeReason[]

export class EdgeHits {
  readonly #edge: SimEdge
  readonly #shared: SharedAnswers
  /** By reason: requests for segments, then for other things. */
  readonly #counts = new Float64Array(2 * reasonNames.length)
  readonly #ttfb = new Waits('ttfb_ms')
  #second = 0
  #requests = 0
  #hits = 0
  #bytes = 0

  constructor(edge: SimEdge) {
    this.#edge = edge
    this.#shared = edge.shared
    this.#shared.forget(edge.index)
  }

  /** Reads what the answer to a request needs beside that itself, so that it is at hand when the request arrives. */
  bringNear(): void {
    const { core, cores } = this.#edge
    cores.bringNear()
    this.#ttfb.bringNear()
    haveRead((this.#counts[0] as number) + core.changes() + this.#bytes)
  }

  /**
   * Writes into `exchange` the answer that it shares with others, counts it, and gives when it leaves; NaN: there is
   * none, the core must be asked and told.
   */
  answer(exchange: Exchange, now: EpochMs): EpochMs {
    const { core, cores, ground, index } = this.#edge
    const { object } = exchange
    const known = this.#shared.find(index, object, core.changes(), now)
    const row = known < 0 ? this.#ask(object, now) : known
    if (row < 0) return Number.NaN
    this.#shared.giveTo(exchange, row)
    const { hash, labour, objects } = ground
    hash.word(deciders.edge + index)
    hash.word(object)
    hash.word(exchange.reason)
    this.#count(exchange.reason + (objects.isSegment(object) ? 0 : reasonNames.length), this.#shared.isHit(row), now)
    const doneMs = cores.work(this.#shared.cpuMs(row), now, this.#shared.afterMs(row)) as number
    const work = this.#shared.isRefusal(row) ? labour.edgeRefuse : labour.edgeHit
    return doneMs + (work.besideMs() as number)
  }

  /** An answer to a player has left, `afterMs` behind its arrival. */
  sent(bytes: number, afterMs: Ms): void {
    this.#bytes += bytes
    this.#ttfb.add(afterMs)
  }

  /** Hands over what was added up. */
  flush(): void {
    const { recorder } = this.#edge
    for (const [place, count] of this.#counts.entries()) {
      if (count === 0) continue
      const asker = place < reasonNames.length ? 'player-segment' : 'player-other'
      recorder.askedAlike(asker, reasonNames[place % reasonNames.length] as EdgeReason, count)
    }
    this.#counts.fill(0)
    recorder.bytesSent(this.#bytes)
    this.#bytes = 0
    recorder.takeWaits(this.#ttfb)
    this.#flushSecond()
  }

  /** Asks the core; the row in which its answer is kept for the next one, below 0 where it is not to be shared. */
  #ask(object: ObjectId, now: EpochMs): number {
    const { core, ground, index } = this.#edge
    const verdict = core.inspect(ground.objects.questionFor(object), now)
    const answer = this.#answerOf(object, verdict)
    if (answer === undefined) return -1
    foldEdgeVerdict(ground.hash, index, object, verdict)
    return this.#shared.keep(index, object, answer, core.changes(), now)
  }

  #answerOf(object: ObjectId, verdict: Verdict): SharedAnswer | undefined {
    const { core, copies, ground } = this.#edge
    const common = {
      untilMs: verdict.validUntilMs,
      said: saidFor(verdict.reason, false),
      reason: edgeReasonPlaces[verdict.reason] as number,
      isHit: hitReasons.has(verdict.reason) || verdict.do === 'serve',
    }
    if (verdict.do === 'refuse') {
      const { edgeRefuse } = ground.labour
      const own = {
        status: verdict.status,
        bytes: shortBytes(verdict),
        facts: noFacts,
        isWrong: false,
        isRefusal: true,
      }
      return { ...common, ...own, cpuMs: edgeRefuse.cpuMs(), afterMs: edgeRefuse.afterMs() }
    }
    if (verdict.do !== 'serve' || verdict.refresh) return undefined
    const head = core.copyHead(verdict.copy)
    if (!head?.complete) return undefined
    // A stored 404 is as short as what the edge says by itself.
    const isRefusal = verdict.reason === 'negative-hit'
    const work = isRefusal ? ground.labour.edgeRefuse : ground.labour.edgeHit
    const bytes = head.bodyBytes as number
    const facts = copies.get(verdict.copy)?.facts ?? noFacts
    const stored = { status: head.status, bytes, facts, isWrong: isWrong(facts, object, bytes), isRefusal }
    return { ...common, ...stored, cpuMs: work.cpuMs(bytes), afterMs: work.afterMs(bytes) }
  }

  #count(counter: number, isHit: boolean, now: EpochMs): void {
    this.#counts[counter] = (this.#counts[counter] as number) + 1
    const second = Math.floor((now as number) / 1_000)
    if (second !== this.#second) {
      this.#flushSecond()
      this.#second = second
    }
    this.#requests++
    if (isHit) this.#hits++
  }

  #flushSecond(): void {
    this.#edge.recorder.second(this.#second * 1_000, this.#requests, this.#hits)
    this.#requests = 0
    this.#hits = 0
  }
}
