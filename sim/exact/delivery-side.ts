import { type Address, parseAddress } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { OriginReason } from '../../live/reasons.ts'
import { between, type EpochMs } from '../../live/units.ts'
import type { Candidate, OriginVerdict, RefuseVerdict, ServeVerdict, TicketId } from '../../origin/core/verdict.ts'
import { foldOriginVerdict } from './folding.ts'
import type { Ground } from './ground.ts'
import type { SimOrigin } from './origin.ts'
import { type Asked, headBytesAround, isCurrent, SimReplies } from './replies.ts'
import type { UpstreamCall } from './upstream-call.ts'

// The origin's delivery side in virtual time: what origin/http/delivery.ts does over sockets. Decisions are the core's,
// counts the books'.

/** A body that was stored in this very instant: those who wait for it need not read it back. */
export type FreshBody = Pick<Candidate, 'pipeline' | 'rendition' | 'number'>

export class DeliverySide {
  readonly #ground: Ground
  readonly #origin: SimOrigin
  readonly #replies: SimReplies
  /** Whoever has a request here. */
  readonly #open = new Set<UpstreamCall>()
  readonly #held = new Map<TicketId, Asked>()

  constructor(ground: Ground, origin: SimOrigin) {
    this.#ground = ground
    this.#origin = origin
    this.#replies = new SimReplies(ground, origin, (asked, isFill, bytes, at) => this.#ended(asked, isFill, bytes, at))
  }

  /** The process is gone: every connection is reset. */
  die(now: EpochMs): void {
    this.#held.clear()
    for (const call of this.#open) call.fails('reset', now)
    this.#open.clear()
  }

  /** A request arrives. */
  ask(call: UpstreamCall, came: EpochMs): void {
    this.#open.add(call)
    this.#ground.comesTo(this.#origin.cores, came, now => {
      if (call.isOver) this.#open.delete(call)
      else if (this.#origin.alive) this.#ask(call, now)
    })
  }

  #ask(call: UpstreamCall, now: EpochMs): void {
    const { core, books } = this.#origin
    const address = parseAddress(call.plan.path)
    const asked: Asked = {
      call,
      address,
      arrivedMs: now,
      releasedMs: undefined,
      publishedMs: undefined,
      headMs: undefined,
    }
    books.requestArrived(asked.address, call.site, now)
    const question = { address: asked.address, asked: call.plan.asked, asker: call.edge }
    const { verdict, ticket } = core.ask(question, now)
    foldOriginVerdict(this.#ground.hash, verdict)
    if (verdict.reason === 'shed' && !core.faults().shed) books.count('limiter.shed')
    if (ticket === undefined) {
      const isKnown = verdict.do === 'serve' && isCurrent(call, verdict.candidate.etag)
      books.reason(isKnown ? 'not-modified' : verdict.reason)
      this.#whenSlow(now, at => this.#answer(asked, verdict, at))
    } else this.#hold(asked, ticket, verdict.reason, now)
    this.#origin.schedule()
  }

  /** An edge asks for `event.json` by itself; undefined: the origin refuses. */
  askForConfig(asker: string, site: string, now: EpochMs): LiveEvent | undefined {
    const { core, books } = this.#origin
    const ground = this.#ground
    const address: Address = { kind: 'event-config', event: ground.event.event }
    books.requestArrived(address, site, now)
    const { verdict } = core.ask({ address, asker }, now)
    foldOriginVerdict(ground.hash, verdict)
    books.reason(verdict.reason)
    const text = verdict.do === 'describe' ? this.#replies.texts.get(core.eventConfig(), verdict) : undefined
    books.sent((text?.bytes ?? 200) + headBytesAround, ground.labour.originServe.cpuMs(), now)
    return text && core.eventConfig()
  }

  /** Head and body are the same for all, so the store is asked once. */
  release(
    tickets: readonly TicketId[],
    verdict: ServeVerdict | RefuseVerdict,
    now: EpochMs,
    fresh: FreshBody | undefined,
  ): void {
    const { books, core } = this.#origin
    const released: Asked[] = []
    for (const ticket of tickets) {
      const asked = this.#held.get(ticket)
      if (!asked) continue
      this.#held.delete(ticket)
      asked.releasedMs = now
      if (verdict.do === 'serve') asked.publishedMs = verdict.candidate.storedMs
      books.holdEnded(between(asked.arrivedMs, now), core.eventConfig().longestHoldMs, verdict.reason)
      released.push(asked)
    }
    books.held(this.#held.size, now)
    const isFresh = fresh && verdict.do === 'serve' && isSame(fresh, verdict.candidate)
    this.#whenSlow(now, at => {
      if (verdict.do === 'refuse') for (const asked of released) this.#replies.refuse(asked, verdict, at)
      else if (isFresh) for (const asked of released) this.#replies.serve(asked, verdict, at)
      else if (released.length > 0) this.#readAndServe(released, verdict, at)
    })
  }

  #hold(asked: Asked, ticket: TicketId, reason: OriginReason, now: EpochMs): void {
    this.#origin.books.reason(reason)
    this.#held.set(ticket, asked)
    this.#origin.books.held(this.#held.size, now)
    this.#ground.labour.originRelease.putDown(this.#origin.cores, now)
    asked.call.onTakenBack = at => {
      if (!this.#held.delete(ticket)) return
      this.#origin.apply(this.#origin.core.leave(ticket, at), at)
      this.#ended(asked, false, 0, at)
    }
  }

  #whenSlow(now: EpochMs, answer: (at: EpochMs) => void): void {
    const { slowMs } = this.#origin.core.faults()
    if ((slowMs as number) === 0) answer(now)
    else {
      this.#ground.agenda.at((now as number) + (slowMs as number), at => {
        if (this.#origin.alive) answer(at)
      })
    }
  }

  #answer(asked: Asked, verdict: OriginVerdict, now: EpochMs): void {
    if (verdict.do === 'refuse') this.#replies.refuse(asked, verdict, now)
    else if (verdict.do === 'describe') this.#replies.describe(asked, verdict, now)
    else if (verdict.do === 'serve') {
      if (isCurrent(asked.call, verdict.candidate.etag)) this.#replies.serve(asked, verdict, now)
      else this.#readAndServe([asked], verdict, now)
    }
  }

  #readAndServe(askers: readonly Asked[], verdict: ServeVerdict, now: EpochMs): void {
    const { candidate } = verdict
    this.#origin.store.read(candidate, now, (fault, at) => {
      if (fault === undefined) {
        if (askers[0]) this.#origin.books.heldBodyRead(askers[0], this.#origin.region, at)
        for (const asked of askers) this.#replies.serve(asked, verdict, at)
        return
      }
      if (fault === 'missing') this.#origin.apply(this.#origin.core.unreadable(candidate, at), at)
      this.#serveAnother(askers, fault === 'missing', at)
    })
  }

  /** The body could not be read: where it is lost for good, the core has chosen anew, or says for how long there is none. */
  #serveAnother(askers: readonly Asked[], isLost: boolean, now: EpochMs): void {
    const [first] = askers
    if (!first) return
    const verdict = isLost
      ? this.#origin.core.inspect({ address: first.address, asker: first.call.edge }, now)
      : undefined
    if (verdict?.do === 'serve') {
      this.#readAndServe(askers, verdict, now)
      return
    }
    const lifetime = verdict?.do === 'refuse' && verdict.reason === 'store-failed' ? verdict.lifetime : undefined
    for (const asked of askers) {
      this.#origin.books.reason('store-failed')
      this.#replies.refuse(asked, { status: 503, reason: 'store-failed', lifetime }, now)
    }
  }

  #ended(asked: Asked, isFill: boolean, bytes: number, at: EpochMs): void {
    const { address, arrivedMs, releasedMs, call } = asked
    const { books, core } = this.#origin
    this.#open.delete(call)
    books.heldPublication(asked)
    books.sent(bytes, between(releasedMs ?? arrivedMs, at), at)
    if (address?.kind !== 'segment') return
    books.segmentEnded(core.eventConfig(), address, { site: books.siteOf(call.site), isFill, arrivedMs }, at)
  }
}

const isSame = (a: FreshBody, b: FreshBody): boolean =>
  a.pipeline === b.pipeline && a.rendition === b.rendition && a.number === b.number
