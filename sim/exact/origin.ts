import type { UpstreamHead } from '../../edge/core/verdict.ts'
import { type Address, parseAddress } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import { formatProblem, problemContentType } from '../../live/problem.ts'
import { type OriginReason, originReasons } from '../../live/reasons.ts'
import { between, type EpochMs } from '../../live/units.ts'
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
import { Cores } from '../network/cores.ts'
import type { SharedLink } from '../network/shared-link.ts'
import { type CallId, noCall } from './agenda.ts'
import { foldOriginEffects, foldOriginVerdict } from './folding.ts'
import type { Ground } from './ground.ts'
import { OriginTexts } from './origin-texts.ts'
import { noFacts, type ObjectFacts, type UpstreamCall } from './upstream-call.ts'

// The origin's delivery side in virtual time: what origin/http/delivery.ts and replies.ts do over sockets. Decisions are
// the core's, counts the books'.

interface Asked {
  readonly call: UpstreamCall
  readonly address: Address | undefined
  readonly arrivedMs: EpochMs
  releasedMs: EpochMs | undefined
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
  readonly region: string
  readonly startedMs: EpochMs
  readonly backlogUntilMs: EpochMs
}

/** A body that was stored in this very instant: those who wait for it need not read it back. */
export type FreshBody = Pick<Candidate, 'pipeline' | 'rendition' | 'number'>

/** What Node adds to each head by itself, and the status line: Date, Connection, Keep-Alive, the request's name. */
const headBytesAround = 150

export class SimOrigin {
  readonly core: OriginCore
  readonly books = new OriginBooks('origin')
  readonly cores: Cores
  readonly #ground: Ground
  readonly #link: SharedLink
  readonly #storeLink: SharedLink
  readonly #held = new Map<TicketId, Asked>()
  readonly #eventFields: EventFields
  readonly #texts = new OriginTexts()
  #wake: CallId = noCall
  #wakeMs: EpochMs = Infinity

  constructor(ground: Ground, { region, startedMs, backlogUntilMs }: OriginOptions) {
    const { event, seed, calibration } = ground
    this.#ground = ground
    this.core = new OriginCore({ event, region, seed, startedMs, backlogUntilMs })
    this.cores = new Cores(calibration.cores.origin)
    this.#link = ground.link(calibration.links.origin.bitsPerSecond)
    this.#storeLink = ground.link(calibration.links.store.bitsPerSecond)
    this.#eventFields = new EventFields(this.core, region)
  }

  part(): Part {
    return this.books.part()
  }

  /** A request arrives. */
  ask(call: UpstreamCall, now: EpochMs): void {
    const { core, books } = this
    const asked: Asked = { call, address: parseAddress(call.plan.path), arrivedMs: now, releasedMs: undefined }
    books.requestArrived(asked.address, now)
    const question = { address: asked.address, asked: call.plan.asked, asker: call.edge }
    const { verdict, ticket } = core.ask(question, now)
    foldOriginVerdict(this.#ground.hash, verdict)
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
      books.holdEnded(between(asked.arrivedMs, now), core.eventConfig().longestHoldMs, verdict.reason)
      released.push(asked)
    }
    books.held(this.#held.size, now)
    const isFresh = fresh && verdict.do === 'serve' && isSame(fresh, verdict.candidate)
    this.#whenSlow(now, at => {
      if (verdict.do === 'refuse') for (const asked of released) this.#refuse(asked, verdict, at)
      else if (isFresh) for (const asked of released) this.#serve(asked, verdict, at)
      else
        this.#read(verdict, at, readMs => {
          for (const asked of released) this.#serve(asked, verdict, readMs)
        })
    })
  }

  #whenSlow(now: EpochMs, answer: (at: EpochMs) => void): void {
    const { slowMs } = this.core.faults()
    if ((slowMs as number) === 0) answer(now)
    else this.#ground.agenda.at((now as number) + (slowMs as number), answer)
  }

  #answer(asked: Asked, verdict: OriginVerdict, now: EpochMs): void {
    if (verdict.do === 'refuse') this.#refuse(asked, verdict, now)
    else if (verdict.do === 'describe') this.#describe(asked, verdict, now)
    else if (verdict.do === 'serve') {
      if (this.#isCurrent(asked.call, verdict.candidate.etag)) this.#serve(asked, verdict, now)
      else this.#read(verdict, now, readMs => this.#serve(asked, verdict, readMs))
    }
  }

  #isCurrent({ plan }: UpstreamCall, etag: string): boolean {
    return plan.headers?.['if-none-match'] === etag
  }

  #read({ candidate }: ServeVerdict, now: EpochMs, then: (at: EpochMs) => void): void {
    const { labour } = this.#ground
    const bytes = candidate.bodyBytes as number
    this.#ground.carry(this.#storeLink, bytes, labour.storeRead.doneBy(this.cores, bytes, now), at => {
      if ((at as number) <= (now as number)) then(at)
      else this.#ground.agenda.at(at, then)
    })
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
        server: 'origin',
        kind: isInit ? 'i' : kind === 'audio' ? 'a' : 'v',
        availableMs: candidate.storedMs,
        segmentMs: isInit ? undefined : core.eventConfig().segmentMs,
        heldMs: asked.releasedMs === undefined ? undefined : between(asked.arrivedMs, asked.releasedMs),
        delayMs: core.faults().slowMs,
        duress: core.faults().shed,
      }),
    ]
    const facts = { availableMs: Math.floor(candidate.storedMs as number) }
    const bytes = candidate.bodyBytes as number
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

  #refuse(asked: Asked, { status, reason, lifetime }: RefuseVerdict, now: EpochMs): void {
    const askAgainInMs = lifetime && lifetimeMs(lifetime as Lifetime, now)
    const bytes = formatProblem({ status, reason, detail: originReasons[reason], askAgainInMs }).length
    const about = ['content-type', problemContentType, 'content-length', String(bytes)]
    const fields = [...about, ...lifetimeFields(lifetime, now), ...this.#eventFields.get()]
    this.#send(asked, { status, fields, bytes, facts: noFacts, isFill: false }, now)
  }

  #describe(asked: Asked, verdict: Extract<OriginVerdict, { do: 'describe' }>, now: EpochMs): void {
    const { bytes, etag } = this.#texts.get(this.core.eventConfig(), verdict)
    const fields = ['etag', etag, ...lifetimeFields(verdict.lifetime, now), ...this.#eventFields.get()]
    const facts = { availableMs: NaN, playlist: verdict.segments }
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
    const [head, headBytes] = headOf(status, fields)
    call.headLeaves(head, facts, leavesMs)
    this.#ground.carry(this.#link, bytes, leavesMs, at => {
      call.bodyLeaves(bytes, at)
      this.#ended(asked, isFill && !call.isOver, bytes + headBytes, at)
    })
  }

  #ended({ address, arrivedMs, releasedMs, call }: Asked, isFill: boolean, bytes: number, at: EpochMs): void {
    const { books, core } = this
    books.sent(bytes, between(releasedMs ?? arrivedMs, at), at)
    if (address?.kind !== 'segment') return
    books.segmentEnded(core.eventConfig(), address, { site: books.siteOf(call.site), isFill, arrivedMs }, at)
  }

  #kindOf(rendition: string): 'video' | 'audio' {
    return this.#ground.event.renditions.find(({ name }) => name === rendition)?.kind ?? 'video'
  }
}

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
