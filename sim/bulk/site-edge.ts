import { EdgeCore } from '../../edge/core/edge.ts'
import type { EdgePolicy } from '../../edge/core/policy.ts'
import { renderHead, renderShort } from '../../edge/core/response-head.ts'
import type {
  CopyId,
  Effect,
  FetchId,
  FetchPlan,
  Question,
  ShortAnswer,
  TicketId,
  UpstreamHead,
  Verdict,
} from '../../edge/core/verdict.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import { after, type Bytes, type EpochMs, type Ms } from '../../live/units.ts'
import type { PlaylistSegments } from '../../origin/core/verdict.ts'
import type { Agenda } from './agenda.ts'

// One edge of a simulated site in virtual time: its core, asked only where a verdict can change. A hit changes no state,
// so that it is asked for once and then stands until its end, or until something that is stored goes.

/** How an asker's request ended at this edge. */
export interface EdgeAnswer {
  readonly status: number
  readonly bodyBytes: number
  /** When the whole body is at this edge. */
  readonly wholeMs: EpochMs
  readonly playlist: PlaylistSegments | undefined
  readonly reason: EdgeReason
  readonly collapsed: boolean
  /** The fields for a sibling. */
  readonly fields: () => Record<string, string>
}

export interface Asker {
  /** How many alike requests it stands for. */
  readonly count: number
  /** Set: it begins no fill. It is called when somebody else has begun one, or, with `mayBegin`, when nobody has. */
  readonly askAgain?: ((mayBegin: boolean) => void) | undefined
  answered(answer: EdgeAnswer): void
  failed(how: 'refused' | 'reset'): void
}

export interface UpstreamAnswer {
  readonly head: UpstreamHead
  readonly bodyBytes: number
  readonly playlist: PlaylistSegments | undefined
}

/** Carries out requests upstream: to the origin of the region, or to a sibling. */
export interface Upstreams {
  send(from: SiteEdge, fetch: SentFetch): void
}

export interface SentFetch {
  readonly id: FetchId
  readonly plan: FetchPlan
  readonly count: number
  readonly key: string
  answered(answer: UpstreamAnswer): void
  failed(): void
}

interface Arriving {
  readonly copies: CopyId[]
  playlist: PlaylistSegments | undefined
  isOver: boolean
}

interface Body {
  readonly bodyBytes: number
  readonly wholeMs: EpochMs
  readonly playlist: PlaylistSegments | undefined
}

interface Standing {
  readonly copy: CopyId
  readonly untilMs: EpochMs
}

export interface SiteEdgeSetup {
  readonly name: string
  readonly site: string
  readonly event: string
  readonly policy: EdgePolicy
  readonly storeBytes: Bytes
  /** From the first byte of a fill to its last, by the bytes of it. */
  readonly bodyMs: (bytes: number) => Ms
}

/** Longer than clocks differ: who follows nobody for so long is alone. */
const followMs: Ms = 500

export class SiteEdge {
  readonly name: string
  core: EdgeCore
  alive = true
  readonly #setup: SiteEdgeSetup
  readonly #agenda: Agenda
  readonly #upstreams: Upstreams
  readonly #tickets = new Map<TicketId, Asker>()
  readonly #fetches = new Map<FetchId, Arriving>()
  readonly #bodies = new Map<CopyId, Body>()
  /** Hits that still stand, by path. */
  readonly #standing = new Map<string, Standing>()
  readonly #pathsOfStanding = new Map<CopyId, string>()
  readonly #onLearn: (edge: SiteEdge) => void
  /** By path: when the first answer from upstream came, in whichever life. */
  readonly #firstAnswered = new Map<string, EpochMs>()
  /** By path: those who ask when somebody else has. */
  readonly #following = new Map<string, Set<Asker>>()
  #wakeMs: EpochMs = Infinity
  /** Raised when the edge dies: what was on its way to it arrives nowhere. */
  #life = 0

  constructor(setup: SiteEdgeSetup, agenda: Agenda, upstreams: Upstreams, onLearn: (edge: SiteEdge) => void) {
    this.name = setup.name
    this.#setup = setup
    this.#agenda = agenda
    this.#upstreams = upstreams
    this.#onLearn = onLearn
    this.core = this.#newCore()
  }

  /** A request arrives. Gives the verdict's reason; undefined where a hit still stood, or nobody listens. */
  request(question: Question, asker: Asker): EdgeReason | undefined {
    if (!this.alive) {
      asker.failed('refused')
      return undefined
    }
    const { now } = this.#agenda
    const standing = question.sibling ? undefined : this.#standing.get(question.path)
    if (standing && now < standing.untilMs) {
      asker.answered(this.#answerFrom(standing.copy, 'hit', false))
      return 'hit'
    }
    const verdict = this.core.inspect(question, now)
    if (verdict.do === 'fill' && asker.askAgain) {
      this.#follow(question, asker)
      return undefined
    }
    this.#admit(verdict, question, asker)
    this.#bringFollowers(question.path)
    return verdict.reason
  }

  /** Whether anything had come from upstream for `path` before `at`. */
  hadAnswer(path: string, at: EpochMs): boolean {
    const answeredMs = this.#firstAnswered.get(path)
    return answeredMs !== undefined && answeredMs < at
  }

  /** `asker` is not the one to begin a fill: it asks when somebody else has, or after a while though nobody has. */
  #follow({ path }: Question, asker: Asker): void {
    const others = this.#following.get(path) ?? new Set()
    this.#following.set(path, others.add(asker))
    this.#agenda.at(after(this.#agenda.now, followMs), () => {
      if (others.delete(asker)) asker.askAgain?.(true)
    })
  }

  #bringFollowers(path: string): void {
    const followers = this.#following.get(path)
    if (!followers) return
    this.#following.delete(path)
    for (const asker of followers) this.#agenda.at(this.#agenda.now, () => asker.askAgain?.(false))
    followers.clear()
  }

  /** Lets the askers in as far as the verdict goes; a limit that is met refuses the rest, who then get another answer. */
  #admit(verdict: Verdict, question: Question, asker: Asker): void {
    const { now } = this.#agenda
    const letIn = Math.min(asker.count, verdict.maxArrivals)
    const admission = this.core.admit(verdict, letIn, now)
    if (admission.ticket !== undefined) this.#tickets.set(admission.ticket, asker)
    else if (verdict.do === 'serve') {
      const isHit = verdict.reason === 'hit' && !verdict.refresh
      if (isHit && !question.sibling) this.#stand(question.path, verdict.copy, verdict.validUntilMs)
      asker.answered(this.#answerFrom(verdict.copy, verdict.reason, verdict.reason === 'collapsed'))
    } else if (verdict.do === 'refuse') {
      const { status, reason, askAgainInMs } = verdict
      asker.answered(this.#shortAnswer({ status, reason, askAgainInMs }))
    }
    this.apply(admission.effects)
  }

  /** Carries out what the core says. */
  apply(effects: readonly Effect[]): void {
    for (const effect of effects) this.#carryOut(effect)
    this.#planWake()
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'fetch':
        this.#send(effect.fetch, effect.plan, effect.count, effect.key)
        return
      case 'abandon': {
        const fetch = this.#fetches.get(effect.fetch)
        if (fetch) fetch.isOver = true
        this.#fetches.delete(effect.fetch)
        return
      }
      case 'collect':
        this.#fetches.get(effect.fetch)?.copies.push(effect.copy)
        return
      case 'deliver': {
        const asker = this.#take(effect.ticket)
        asker?.answered(this.#answerFrom(effect.copy, effect.reason, effect.collapsed))
        return
      }
      case 'answer': {
        this.#take(effect.ticket)?.answered(this.#shortAnswer(effect.answer))
        return
      }
      case 'drop':
        this.#bodies.delete(effect.copy)
        this.#fall(effect.copy)
        return
      case 'learn-event':
        this.#onLearn(this)
        return
      // Readers of a copy that breaks have its first bytes already and ask again by themselves.
      case 'break':
      case 'complete':
        return
    }
  }

  #stand(path: string, copy: CopyId, untilMs: EpochMs): void {
    this.#standing.set(path, { copy, untilMs })
    this.#pathsOfStanding.set(copy, path)
  }

  #fall(copy: CopyId): void {
    const path = this.#pathsOfStanding.get(copy)
    if (path === undefined) return
    this.#pathsOfStanding.delete(copy)
    if (this.#standing.get(path)?.copy === copy) this.#standing.delete(path)
  }

  #take(ticket: TicketId): Asker | undefined {
    const asker = this.#tickets.get(ticket)
    this.#tickets.delete(ticket)
    return asker
  }

  #send(id: FetchId, plan: FetchPlan, count: number, key: string): void {
    const fetch: Arriving = { copies: [], playlist: undefined, isOver: false }
    this.#fetches.set(id, fetch)
    const life = this.#life
    const isCurrent = () => life === this.#life && !fetch.isOver
    const fail = (how: 'refused' | 'timeout') => {
      if (!isCurrent()) return
      fetch.isOver = true
      this.#fetches.delete(id)
      this.apply(this.core.fetchFailed(id, how, this.#agenda.now))
    }
    let hasHead = false
    this.#agenda.at(plan.headByMs, () => {
      if (!hasHead) fail('timeout')
    })
    this.#upstreams.send(this, {
      id,
      plan,
      count,
      key,
      answered: answer => {
        if (!isCurrent()) return
        hasHead = true
        if (!this.#firstAnswered.has(plan.path)) this.#firstAnswered.set(plan.path, this.#agenda.now)
        this.#takeAnswer(id, fetch, answer)
      },
      failed: () => fail('refused'),
    })
  }

  #takeAnswer(id: FetchId, fetch: Arriving, { head, bodyBytes, playlist }: UpstreamAnswer): void {
    const life = this.#life
    const { now } = this.#agenda
    const wholeMs = after(now, this.#setup.bodyMs(bodyBytes))
    const effects = this.core.fetchHead(id, head, now)
    for (const effect of effects) {
      if (effect.do === 'collect') this.#bodies.set(effect.copy, { bodyBytes, wholeMs, playlist })
    }
    this.apply(effects)
    this.#agenda.at(wholeMs, () => {
      if (life !== this.#life || fetch.isOver) return
      fetch.isOver = true
      this.#fetches.delete(id)
      const whole = this.core.fetchBytes(id, bodyBytes, this.#agenda.now)
      this.apply([...whole, ...this.core.fetchEnd(id, this.#agenda.now)])
    })
  }

  #answerFrom(copy: CopyId, reason: EdgeReason, collapsed: boolean): EdgeAnswer {
    const head = this.core.copyHead(copy)
    const body = this.#bodies.get(copy)
    const { now } = this.#agenda
    return {
      status: head?.status ?? 502,
      bodyBytes: body?.bodyBytes ?? 0,
      wholeMs: Math.max(now as number, (body?.wholeMs as number | undefined) ?? 0),
      playlist: body?.playlist,
      reason,
      collapsed,
      fields: () =>
        head
          ? { ...renderHead(head, this.#rendering(reason, collapsed)), 'content-length': String(body?.bodyBytes ?? 0) }
          : {},
    }
  }

  #shortAnswer(answer: ShortAnswer): EdgeAnswer {
    return {
      status: answer.status,
      bodyBytes: 200,
      wholeMs: this.#agenda.now,
      playlist: undefined,
      reason: answer.reason,
      collapsed: false,
      fields: () => ({ ...renderShort(answer, this.#rendering(answer.reason, false)), 'content-length': '200' }),
    }
  }

  #rendering(reason: EdgeReason, collapsed: boolean) {
    const event = this.core.eventState(this.#setup.event)
    const { now } = this.#agenda
    return { now, cacheName: this.name, to: 'sibling', reason, collapsed, ...(event ? { event } : {}) } as const
  }

  #planWake(): void {
    const next = this.core.nextWakeMs()
    if (next === undefined || next >= this.#wakeMs) return
    this.#wakeMs = next
    const life = this.#life
    this.#agenda.at(next, () => {
      if (life !== this.#life) return
      this.#wakeMs = Infinity
      this.apply(this.core.wake(this.#agenda.now))
    })
  }

  /** Something about the event has changed: what stood stands no more. */
  forgetVerdicts(): void {
    this.#standing.clear()
    this.#pathsOfStanding.clear()
  }

  /** The process ends: whoever waits is cut off, nothing is stored any more. */
  die(): void {
    this.alive = false
    this.#life++
    const waiting = [...this.#tickets.values()]
    this.#tickets.clear()
    this.#fetches.clear()
    this.#bodies.clear()
    this.forgetVerdicts()
    this.#wakeMs = Infinity
    this.core = this.#newCore()
    for (const asker of waiting) asker.failed('reset')
  }

  #newCore(): EdgeCore {
    const { name, site, policy, storeBytes } = this.#setup
    return new EdgeCore({ name, site, policy, storeBytes })
  }
}
