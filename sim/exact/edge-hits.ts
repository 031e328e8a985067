import { hitReasons } from '../../edge/core/response-head.ts'
import type { Verdict } from '../../edge/core/verdict.ts'
import { type EdgeReason, edgeReasons } from '../../live/reasons.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import type { ObjectId } from '../objects.ts'
import type { SimEdge } from './edge.ts'
import { saidFor, shortBytes } from './edge-answers.ts'
import { deciders, edgeReasonPlaces, foldEdgeVerdict } from './folding.ts'
import type { Labour } from './ground.ts'
import { isWrong, noFacts, type ObjectFacts } from './upstream-call.ts'
import { Waits } from './waits.ts'

// Verdicts that many requests share: an answer out of storage or of the edge's own making changes no state, and holds
// until its end as long as no event comes between (edge/core/verdict.ts). The core is asked once, and everybody who comes
// meanwhile is let in with the same verdict; what they are counted as is added up here and handed to the recorder later.

/** An answer that the next asker of the same object gets, too. */
export interface Hit {
  readonly untilMs: number
  readonly changes: number
  readonly status: number
  readonly bytes: number
  readonly facts: ObjectFacts
  readonly said: number
  /** 1: another object's body, or not the whole of it. */
  readonly wrong: number
  /** The place of the reason in the list of reasons. */
  readonly reason: number
  readonly counter: number
  readonly isHit: boolean
  readonly labour: Labour
  readonly cpuMs: Ms
  readonly afterMs: Ms
}

/** Objects at once; a window of segments of every rendition is fewer. */
const known = 8_192
const reasonNames = Object.keys(edgeReasons) as EdgeReason[]

export class EdgeHits {
  readonly #edge: SimEdge
  readonly #known = new Map<ObjectId, Hit>()
  /** By reason: requests for segments, then for other things. */
  readonly #counts = new Float64Array(2 * reasonNames.length)
  readonly #ttfb = new Waits('ttfb_ms')
  #second = 0
  #requests = 0
  #hits = 0
  #bytes = 0

  constructor(edge: SimEdge) {
    this.#edge = edge
  }

  /** The verdict that a request for `object` shares, counted; undefined: the core must be asked and told. */
  find(object: ObjectId, now: EpochMs): Hit | undefined {
    const { core, index } = this.#edge
    const before = this.#known.get(object)
    const stands = before !== undefined && before.changes === core.changes() && (now as number) < before.untilMs
    const hit = stands ? before : this.#ask(object, now)
    if (hit === undefined) return undefined
    const { hash } = this.#edge.ground
    hash.word(deciders.edge + index)
    hash.word(object)
    hash.word(hit.reason)
    this.#count(hit, now)
    return hit
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

  #ask(object: ObjectId, now: EpochMs): Hit | undefined {
    const { core, ground, index } = this.#edge
    const verdict = core.inspect(ground.objects.questionFor(object), now)
    const hit = this.#hitOf(object, verdict)
    if (hit === undefined) return undefined
    foldEdgeVerdict(ground.hash, index, object, verdict)
    if (this.#known.size >= known) this.#known.clear()
    this.#known.set(object, hit)
    return hit
  }

  #hitOf(object: ObjectId, verdict: Verdict): Hit | undefined {
    const { core, copies, ground } = this.#edge
    const counter =
      (edgeReasonPlaces[verdict.reason] as number) + (ground.objects.isSegment(object) ? 0 : reasonNames.length)
    const common = {
      untilMs: verdict.validUntilMs as number,
      changes: core.changes(),
      said: saidFor(verdict.reason, false),
      reason: edgeReasonPlaces[verdict.reason] as number,
      counter,
      isHit: hitReasons.has(verdict.reason) || verdict.do === 'serve',
    }
    if (verdict.do === 'refuse') {
      const labour = ground.labour.edgeRefuse
      return {
        ...common,
        status: verdict.status,
        bytes: shortBytes(verdict),
        facts: noFacts,
        wrong: 0,
        labour,
        cpuMs: labour.cpuMs(),
        afterMs: labour.afterMs(),
      }
    }
    if (verdict.do !== 'serve' || verdict.refresh) return undefined
    const head = core.copyHead(verdict.copy)
    if (!head?.complete) return undefined
    const labour = ground.labour.edgeHit
    const bytes = head.bodyBytes as number
    const facts = copies.get(verdict.copy)?.facts ?? noFacts
    const wrong = Number(isWrong(facts, object, bytes))
    return {
      ...common,
      status: head.status,
      bytes,
      facts,
      wrong,
      labour,
      cpuMs: labour.cpuMs(bytes),
      afterMs: labour.afterMs(bytes),
    }
  }

  #count({ counter, isHit }: Hit, now: EpochMs): void {
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
