import { renderHead, renderShort } from '../../edge/core/response-head.ts'
import type { CopyId, Question, ShortAnswer, TicketId } from '../../edge/core/verdict.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import type { EpochMs } from '../../live/units.ts'
import type { SimEdge } from './edge.ts'
import { shortBytes } from './edge-answers.ts'
import type { SimFetch } from './fetches.ts'
import { foldEdgeVerdict } from './folding.ts'
import { noFacts } from './upstream-call.ts'

// An edge's answers to the other edges of its site, whose requests are calls.

/** A sibling that waits here. */
interface SiblingAsk {
  readonly call: SimFetch
  readonly question: Question
  readonly arrivedMs: EpochMs
}

export class EdgeSiblings {
  readonly #edge: SimEdge
  readonly #waiting = new Map<TicketId, SiblingAsk>()
  readonly #asks = new Set<SimFetch>()

  constructor(edge: SimEdge) {
    this.#edge = edge
  }

  /** A sibling's request arrives. */
  asked(call: SimFetch, came: EpochMs): void {
    this.#asks.add(call)
    this.#edge.ground.comesTo(this.#edge.cores, came, now => {
      if (call.isOver) this.#asks.delete(call)
      else if (this.#edge.alive) this.#ask(call, now)
    })
  }

  #ask(call: SimFetch, now: EpochMs): void {
    const { core, ground, index, recorder } = this.#edge
    const asked = call.plan.asked ?? { version: 0, sequence: 0 }
    const sibling = { edge: call.edge, asked, boundMs: call.boundMs(now) }
    const question = { method: 'GET', path: call.plan.path, sibling }
    const { verdict, admission } = core.ask(question, now)
    foldEdgeVerdict(ground.hash, index, -1, verdict)
    recorder.asked({ asker: 'sibling', arrivedMs: now }, verdict)
    const { ticket } = admission
    const ask = { call, question, arrivedMs: now }
    if (verdict.do === 'serve') {
      this.deliver(ask, verdict.copy, verdict.reason, verdict.reason === 'collapsed', now)
    } else if (verdict.do === 'refuse') this.answer(ask, verdict, now)
    else if (ticket !== undefined) this.#wait(ticket, ask, now)
    this.#edge.apply(admission.effects, now)
  }

  /** The sibling that waits with `ticket` waits no more; undefined where it is none of ours. */
  take(ticket: TicketId, now: EpochMs): SiblingAsk | undefined {
    const ask = this.#waiting.get(ticket)
    if (!ask) return undefined
    this.#waiting.delete(ticket)
    this.#edge.recorder.waited(ask, now)
    return ask
  }

  deliver(ask: SiblingAsk, id: CopyId, reason: EdgeReason, collapsed: boolean, now: EpochMs): void {
    const { core, cores, copies, ground, name } = this.#edge
    const head = core.copyHead(id)
    const copy = copies.get(id)
    if (!head) throw new Error(`${name} delivers copy ${id}, whose head is forgotten`)
    const bytes = (head.bodyBytes ?? 0) as number
    const leavesMs = ground.labour.edgeWait.toldBy(cores, bytes, now)
    const headers: Record<string, string> = {
      ...renderHead(head, this.#rendering(reason, collapsed, now)),
      'content-length': String(bytes),
    }
    ask.call.onTakenBack = undefined
    ask.call.headLeaves({ status: head.status, headers }, copy?.facts ?? noFacts, leavesMs)
    if (copy?.state === 'arriving') {
      copy.siblings.push({
        complete: (whole, at) => this.#bodyLeaves(ask.call, whole, Math.max(at as number, leavesMs as number)),
        broken: at => {
          this.#asks.delete(ask.call)
          ask.call.fails('reset', at)
        },
      })
    } else this.#bodyLeaves(ask.call, bytes, leavesMs)
  }

  answer(ask: SiblingAsk, answer: ShortAnswer, now: EpochMs): void {
    const { cores, ground } = this.#edge
    const leavesMs = ground.labour.edgeRefuse.doneBy(cores, 0, now)
    const bytes = shortBytes(answer)
    const headers = {
      ...renderShort(answer, this.#rendering(answer.reason, false, now)),
      'content-length': String(bytes),
    }
    ask.call.onTakenBack = undefined
    ask.call.headLeaves({ status: answer.status, headers }, noFacts, leavesMs)
    this.#bodyLeaves(ask.call, bytes, leavesMs)
  }

  /** The edge is gone: whoever waited or read here finds the connection reset. */
  resetAll(now: EpochMs): void {
    for (const call of this.#asks) call.fails('reset', now)
    this.#asks.clear()
  }

  #wait(ticket: TicketId, ask: SiblingAsk, now: EpochMs): void {
    const { core, recorder } = this.#edge
    this.#waiting.set(ticket, ask)
    recorder.waits(now)
    this.#edge.ground.labour.edgeWait.putDown(this.#edge.cores, now)
    ask.call.onTakenBack = leftMs => {
      this.#asks.delete(ask.call)
      if (!this.#edge.alive || !this.#waiting.delete(ticket)) return
      recorder.waited(ask, leftMs)
      core.leave(ticket, leftMs)
      this.#edge.schedule()
    }
  }

  #bodyLeaves(call: SimFetch, bytes: number, fromMs: EpochMs): void {
    const { ground, link, recorder } = this.#edge
    this.#asks.delete(call)
    recorder.bytesSent(bytes)
    ground.carry(link, bytes, fromMs, at => call.bodyLeaves(bytes, at))
  }

  #rendering(reason: EdgeReason, collapsed: boolean, now: EpochMs) {
    const { core, ground, name } = this.#edge
    const event = core.eventState(ground.event.event)
    return { now, cacheName: name, to: 'sibling', reason, collapsed, ...(event ? { event } : {}) } as const
  }
}
