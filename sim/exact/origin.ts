import type { UpstreamHead } from '../../edge/core/verdict.ts'
import { type Address, parseAddress } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import { formatProblem, problemContentType } from '../../live/problem.ts'
import { type OriginReason, originReasons } from '../../live/reasons.ts'
import { between, type EpochMs } from '../../live/units.ts'
import type { OperatorState } from '../../origin/core/operator-state.ts'
import { OriginCore } from '../../origin/core/origin-core.ts'
import type {
  Candidate,
  Lifetime,
  OriginEffect,
  OriginVerdict,
  RefuseVerdict,
  ServeVerdict,
  TicketId,
} from '../../origin/core/verdict.ts'
import {
  candidateFields,
  EventFields,
  type Fields,
  lifetimeFields,
  lifetimeMs,
  mediaServerFields,
} from '../../origin/http/fields.ts'
import { OriginBooks } from '../../origin/http/origin-books.ts'
import type { Part } from '../../results/record/part.ts'
import { type OriginPlace, takesPuts } from '../../scenarios/origin-places.ts'
import { Cores } from '../network/cores.ts'
import type { SharedLink } from '../network/shared-link.ts'
import type { ObjectId } from '../objects.ts'
import { type CallId, noCall } from './agenda.ts'
import { foldOriginEffects, foldOriginVerdict } from './folding.ts'
import type { Told } from './following.ts'
import type { Ground } from './ground.ts'
import { SimOriginStore } from './origin-store.ts'
import { OriginTexts } from './origin-texts.ts'
import { PublishSide } from './publish-side.ts'
import type { SimStorage } from './storage.ts'
import { noFacts, type ObjectFacts, type UpstreamCall } from './upstream-call.ts'

// One origin process in virtual time: its core, its store, and its delivery side, which does what origin/http/delivery.ts
// and replies.ts do over sockets. Decisions are the core's, counts the books'.

interface Asked {
  readonly call: UpstreamCall
  readonly address: Address | undefined
  readonly arrivedMs: EpochMs
  releasedMs: EpochMs | undefined
  /** Of what it was released with. */
  publishedMs: EpochMs | undefined
  headMs: EpochMs | undefined
}

/** What the origin has to say: a head, and so many bytes. */
interface Answer {
  readonly status: number
  readonly fields: Fields
  readonly bytes: number
  readonly facts: ObjectFacts
  readonly isFill: boolean
}

export interface OriginOptions {
  readonly place: OriginPlace
  readonly storage: SimStorage
  readonly startedMs: EpochMs
  readonly backlogUntilMs: EpochMs
  /** Tells the origins that follow this one. */
  readonly tell: (line: Told, now: EpochMs) => void
}

/** A body that was stored in this very instant: those who wait for it need not read it back. */
export type FreshBody = Pick<Candidate, 'pipeline' | 'rendition' | 'number'>

/** What Node adds to each head by itself, and the status line: Date, Connection, Keep-Alive, the request's name. */
const headBytesAround = 150

export class SimOrigin {
  readonly name: string
  readonly region: string
  readonly core: OriginCore
  readonly books: OriginBooks
  readonly cores: Cores
  readonly store: SimOriginStore
  readonly publishSide: PublishSide
  readonly tell: OriginOptions['tell']
  alive = true
  readonly #place: OriginPlace
  readonly #storage: SimStorage
  readonly #ground: Ground
  readonly #link: SharedLink
  /** Whoever has a request here. */
  readonly #open = new Set<UpstreamCall>()
  readonly #held = new Map<TicketId, Asked>()
  readonly #eventFields: EventFields
  readonly #texts = new OriginTexts()
  #wake: CallId = noCall
  #wakeMs: EpochMs = Infinity

  constructor(ground: Ground, { place, storage, startedMs, backlogUntilMs, tell }: OriginOptions) {
    const { event, seed, calibration } = ground
    const { name, region } = place
    this.#ground = ground
    this.#place = place
    this.#storage = storage
    this.name = name
    this.region = region
    this.tell = tell
    this.core = new OriginCore({ event, region, seed, startedMs, backlogUntilMs })
    this.books = new OriginBooks(name, region)
    this.cores = new Cores(calibration.cores.origin)
    this.#link = ground.link(calibration.links.origin.bitsPerSecond)
    const { core, books, cores } = this
    this.store = new SimOriginStore({ ground, storage, region, core, books, cores })
    this.publishSide = new PublishSide(ground, this)
    this.#eventFields = new EventFields(this.core, region)
  }

  /** Takes up what its store holds of an earlier life, before anybody is let in. */
  begin(now: EpochMs): void {
    const { state } = this.#storage.of(this.region)
    if (state !== undefined) {
      this.adopt(state, now)
      if (takesPuts(this.#place)) this.core.raiseEpoch()
    }
    this.#save(now)
    this.restore(this.listStored(), now)
  }

  /** It is gone, without a word: every connection is reset. */
  die(now: EpochMs): void {
    this.alive = false
    this.#ground.agenda.takeBack(this.#wake)
    this.#wake = noCall
    this.store.close()
    this.publishSide.die(now)
    this.#held.clear()
    for (const call of this.#open) call.fails('reset', now)
    this.#open.clear()
  }

  /** An operator has commanded something: it is saved, and told to those who follow. */
  commanded(now: EpochMs): void {
    this.#save(now)
    this.tell({ say: 'state', state: this.core.operatorState() }, now)
  }

  /** Joins what was commanded at another origin. */
  adopt(state: OperatorState, now: EpochMs): void {
    const { changed, effects } = this.core.adopt(state, now)
    if (changed) {
      this.books.count('feed.states_adopted')
      this.#save(now)
    }
    this.apply(effects, now)
  }

  /** Another process has stored `candidate`, and this one's store can give it. */
  learn(candidate: Candidate, now: EpochMs, fresh?: FreshBody): void {
    const { rendition, number, storedMs } = candidate
    if (number !== undefined) this.books.published(this.core.eventConfig(), rendition, number, storedMs)
    this.apply(this.core.learned(candidate, now), now, fresh)
  }

  /** Takes up candidates that this one's store holds. */
  restore(candidates: readonly Candidate[], now: EpochMs): void {
    const { effects } = this.core.restore(candidates, now)
    const event = this.core.eventConfig()
    for (const { rendition, number, storedMs } of candidates) {
      if (number !== undefined) this.books.published(event, rendition, number, storedMs)
    }
    this.apply(effects, now)
  }

  listStored(): readonly Candidate[] {
    const kept = this.#storage.of(this.region)
    return kept.answers ? kept.list() : []
  }

  part(): Part {
    return this.books.part()
  }

  /** A request arrives. */
  ask(call: UpstreamCall, now: EpochMs): void {
    const { core, books } = this
    const address = parseAddress(call.plan.path)
    const asked: Asked = {
      call,
      address,
      arrivedMs: now,
      releasedMs: undefined,
      publishedMs: undefined,
      headMs: undefined,
    }
    this.#open.add(call)
    books.requestArrived(asked.address, now)
    const question = { address: asked.address, asked: call.plan.asked, asker: call.edge }
    const { verdict, ticket } = core.ask(question, now)
    foldOriginVerdict(this.#ground.hash, verdict)
    if (verdict.reason === 'shed' && !core.faults().shed) books.count('limiter.shed')
    if (ticket === undefined) {
      const isCurrent = verdict.do === 'serve' && this.#isCurrent(call, verdict.candidate.etag)
      books.reason(isCurrent ? 'not-modified' : verdict.reason)
      this.#whenSlow(now, at => this.#answer(asked, verdict, at))
    } else this.#hold(asked, ticket, verdict.reason, now)
    this.schedule()
  }

  /** An edge asks for `event.json` by itself; undefined: the origin refuses. */
  askForConfig(asker: string, now: EpochMs): LiveEvent | undefined {
    const { core, books } = this
    const ground = this.#ground
    const address: Address = { kind: 'event-config', event: ground.event.event }
    books.requestArrived(address, now)
    const { verdict } = core.ask({ address, asker }, now)
    foldOriginVerdict(ground.hash, verdict)
    books.reason(verdict.reason)
    const text = verdict.do === 'describe' ? this.#texts.get(core.eventConfig(), verdict) : undefined
    books.sent((text?.bytes ?? 200) + headBytesAround, ground.labour.originServe.cpuMs(), now)
    return text && core.eventConfig()
  }

  /** Carries out what the core wants done. */
  apply(effects: readonly OriginEffect[], now: EpochMs, fresh?: FreshBody): void {
    foldOriginEffects(this.#ground.hash, effects)
    for (const effect of effects) {
      if (effect.do === 'release') this.#release(effect.tickets, effect.verdict, now, fresh)
      // Who puts removes: several processes of one store need not do it several times.
      else if (takesPuts(this.#place)) {
        const { rendition, number, pipelines } = effect
        for (const pipeline of pipelines) this.store.remove({ pipeline, rendition, number }, now)
      }
    }
    this.schedule()
  }

  /** Sets the one call to the core's next wake-up. */
  schedule(): void {
    const nextMs = this.core.nextWakeMs() ?? Infinity
    if (nextMs === this.#wakeMs) return
    const { agenda } = this.#ground
    agenda.takeBack(this.#wake)
    this.#wakeMs = nextMs
    this.#wake =
      (nextMs as number) === Infinity
        ? noCall
        : agenda.at(nextMs, now => {
            this.#wake = noCall
            this.#wakeMs = Infinity
            this.apply(this.core.wake(now), now)
          })
  }

  #hold(asked: Asked, ticket: TicketId, reason: OriginReason, now: EpochMs): void {
    this.books.reason(reason)
    this.#held.set(ticket, asked)
    this.books.held(this.#held.size, now)
    asked.call.onTakenBack = at => {
      if (!this.#held.delete(ticket)) return
      this.apply(this.core.leave(ticket, at), at)
      this.#ended(asked, false, 0, at)
    }
  }

  /** Head and body are the same for all, so the store is asked once. */
  #release(
    tickets: readonly TicketId[],
    verdict: ServeVerdict | RefuseVerdict,
    now: EpochMs,
    fresh: FreshBody | undefined,
  ): void {
    const { books, core } = this
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
      if (verdict.do === 'refuse') for (const asked of released) this.#refuse(asked, verdict, at)
      else if (isFresh) for (const asked of released) this.#serve(asked, verdict, at)
      else if (released.length > 0) this.#readAndServe(released, verdict, at)
    })
  }

  #whenSlow(now: EpochMs, answer: (at: EpochMs) => void): void {
    const { slowMs } = this.core.faults()
    if ((slowMs as number) === 0) answer(now)
    else {
      this.#ground.agenda.at((now as number) + (slowMs as number), at => {
        if (this.alive) answer(at)
      })
    }
  }

  #answer(asked: Asked, verdict: OriginVerdict, now: EpochMs): void {
    if (verdict.do === 'refuse') this.#refuse(asked, verdict, now)
    else if (verdict.do === 'describe') this.#describe(asked, verdict, now)
    else if (verdict.do === 'serve') {
      if (this.#isCurrent(asked.call, verdict.candidate.etag)) this.#serve(asked, verdict, now)
      else this.#readAndServe([asked], verdict, now)
    }
  }

  #isCurrent({ plan }: UpstreamCall, etag: string): boolean {
    return plan.headers?.['if-none-match'] === etag
  }

  #readAndServe(askers: readonly Asked[], verdict: ServeVerdict, now: EpochMs): void {
    const { candidate } = verdict
    this.store.read(candidate, now, (fault, at) => {
      if (fault === undefined) {
        if (askers[0]) this.books.heldBodyRead(askers[0], this.region, at)
        for (const asked of askers) this.#serve(asked, verdict, at)
        return
      }
      if (fault === 'missing') this.apply(this.core.unreadable(candidate, at), at)
      this.#serveAnother(askers, fault === 'missing', at)
    })
  }

  /** The body could not be read: where it is lost for good, the core has chosen anew, or says for how long there is none. */
  #serveAnother(askers: readonly Asked[], isLost: boolean, now: EpochMs): void {
    const [first] = askers
    if (!first) return
    const verdict = isLost ? this.core.inspect({ address: first.address, asker: first.call.edge }, now) : undefined
    if (verdict?.do === 'serve') {
      this.#readAndServe(askers, verdict, now)
      return
    }
    const lifetime = verdict?.do === 'refuse' && verdict.reason === 'store-failed' ? verdict.lifetime : undefined
    for (const asked of askers) {
      this.books.reason('store-failed')
      this.#refuse(asked, { status: 503, reason: 'store-failed', lifetime }, now)
    }
  }

  #serve(asked: Asked, verdict: ServeVerdict, now: EpochMs): void {
    const { candidate, lifetime } = verdict
    const { core } = this
    const isInit = candidate.number === undefined
    const kind = this.#kindOf(candidate.rendition)
    const fields = [
      ...candidateFields(candidate, kind),
      ...lifetimeFields(lifetime, now),
      ...this.#eventFields.get(),
      ...mediaServerFields({
        server: this.name,
        kind: isInit ? 'i' : kind === 'audio' ? 'a' : 'v',
        availableMs: candidate.storedMs,
        segmentMs: isInit ? undefined : core.eventConfig().segmentMs,
        heldMs: asked.releasedMs === undefined ? undefined : between(asked.arrivedMs, asked.releasedMs),
        delayMs: core.faults().slowMs,
        duress: core.isShedding(now),
      }),
    ]
    const bytes = candidate.bodyBytes as number
    const facts = {
      availableMs: Math.floor(candidate.storedMs as number),
      playlist: undefined,
      body: { object: this.#objectOf(candidate), bytes },
    }
    const { resume } = asked.call.plan
    if (this.#isCurrent(asked.call, candidate.etag)) {
      this.#send(asked, { status: 304, fields, bytes: 0, facts, isFill: false }, now)
    } else if (resume && resume.etag === candidate.etag && (resume.fromBytes as number) < bytes) {
      const left = bytes - (resume.fromBytes as number)
      const range = ['content-length', String(left), 'content-range', `bytes ${resume.fromBytes}-${bytes - 1}/${bytes}`]
      this.#send(asked, { status: 206, fields: [...fields, ...range], bytes: left, facts, isFill: false }, now)
    } else {
      const whole = [...fields, 'content-length', String(bytes)]
      this.#send(asked, { status: 200, fields: whole, bytes, facts, isFill: true }, now)
    }
  }

  #refuse(asked: Asked, { status, reason, lifetime }: Refusal, now: EpochMs): void {
    const askAgainInMs = lifetime && lifetimeMs(lifetime as Lifetime, now)
    const bytes = formatProblem({ status, reason, detail: originReasons[reason], askAgainInMs }).length
    const about = ['content-type', problemContentType, 'content-length', String(bytes)]
    const fields = [...about, ...lifetimeFields(lifetime, now), ...this.#eventFields.get()]
    this.#send(asked, { status, fields, bytes, facts: noFacts, isFill: false }, now)
  }

  #describe(asked: Asked, verdict: Extract<OriginVerdict, { do: 'describe' }>, now: EpochMs): void {
    const { bytes, etag } = this.#texts.get(this.core.eventConfig(), verdict)
    const fields = ['etag', etag, ...lifetimeFields(verdict.lifetime, now), ...this.#eventFields.get()]
    const facts = { availableMs: NaN, playlist: verdict.segments, body: undefined }
    if (this.#isCurrent(asked.call, etag))
      this.#send(asked, { status: 304, fields, bytes: 0, facts, isFill: false }, now)
    else {
      const whole = [...fields, 'content-length', String(bytes)]
      this.#send(asked, { status: 200, fields: whole, bytes, facts, isFill: true }, now)
    }
  }

  #send(asked: Asked, { status, fields, bytes, facts, isFill }: Answer, now: EpochMs): void {
    const { call, releasedMs } = asked
    if (call.isOver) {
      this.#ended(asked, false, 0, now)
      return
    }
    call.onTakenBack = undefined
    const { labour } = this.#ground
    const work = releasedMs === undefined ? labour.originServe : labour.originRelease
    const leavesMs = work.doneBy(this.cores, bytes, now)
    asked.headMs = leavesMs
    const [head, headBytes] = headOf(status, fields)
    call.headLeaves(head, facts, leavesMs)
    this.#ground.carry(this.#link, bytes, leavesMs, at => {
      if (!this.alive) return
      call.bodyLeaves(bytes, at)
      this.#ended(asked, isFill && !call.isOver, bytes + headBytes, at)
    })
  }

  #ended(asked: Asked, isFill: boolean, bytes: number, at: EpochMs): void {
    const { address, arrivedMs, releasedMs, call } = asked
    const { books, core } = this
    this.#open.delete(call)
    books.heldPublication(asked)
    books.sent(bytes, between(releasedMs ?? arrivedMs, at), at)
    if (address?.kind !== 'segment') return
    books.segmentEnded(core.eventConfig(), address, { site: books.siteOf(call.site), isFill, arrivedMs }, at)
  }

  #save(now: EpochMs): void {
    if (!takesPuts(this.#place)) return
    this.books.count('store_states_saved')
    this.#storage.saveState(this.core.operatorState(), this.region, now)
  }

  #objectOf({ rendition, number }: Candidate): ObjectId {
    const { event, objects } = this.#ground
    const common = { event: event.event, rendition }
    return objects.idOf(number === undefined ? { kind: 'init', ...common } : { kind: 'segment', ...common, number })
  }

  #kindOf(rendition: string): 'video' | 'audio' {
    return this.#ground.event.renditions.find(({ name }) => name === rendition)?.kind ?? 'video'
  }
}

type Refusal = Pick<RefuseVerdict, 'status' | 'reason' | 'lifetime'>

const isSame = (a: FreshBody, b: FreshBody): boolean =>
  a.pipeline === b.pipeline && a.rendition === b.rendition && a.number === b.number

/** The head as an edge's core reads it, and about how many bytes it is on the wire. */
function headOf(status: number, fields: Fields): [UpstreamHead, number] {
  const headers: Record<string, string> = {}
  let bytes = headBytesAround
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i] as string, fields[i + 1] as string]
    headers[name] = value
    bytes += name.length + value.length + 4
  }
  return [{ status, headers }, bytes]
}
