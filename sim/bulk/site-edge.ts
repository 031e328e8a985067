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
  Verdict,
} from '../../edge/core/verdict.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import { after, type Bytes, type EpochMs, type Ms } from '../../live/units.ts'
import type { PlaylistSegments } from '../../origin/core/verdict.ts'
import type { Agenda } from './agenda.ts'
import { Followers } from './followers.ts'
import type { Asker, EdgeAnswer, UpstreamAnswer, Upstreams } from './site-edge-io.ts'
import { StandingHits } from './standing-hits.ts'

// One edge of a simulated site in virtual time: its core, asked only where a verdict can change. A hit changes no state,
// so that it is asked for once and then stands until its end, or until something that is stored goes.

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

export interface SiteEdgeSetup {
  readonly name: string
  readonly site: string
  readonly event: string
  readonly policy: EdgePolicy
  readonly storeBytes: Bytes
  /** From the first byte of a fill to its last, by the bytes of it. */
  readonly bodyMs: (bytes: number) => Ms
}

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
  readonly #standing = new StandingHits()
  readonly #onLearn: (edge: SiteEdge) => void
  /** By path: when the first answer from upstream came, in whichever life. */
  readonly #firstAnswered = new Map<string, EpochMs>()
  readonly #followers: Followers
  #wakeMs: EpochMs = Infinity
  /** Raised when the edge dies: what was on its way to it arrives nowhere. */
  #life = 0

  constructor(setup: SiteEdgeSetup, agenda: Agenda, upstreams: Upstreams, onLearn: (edge: SiteEdge) => void) {
    this.name = setup.name
    this.#setup = setup
    this.#agenda = agenda
    this.#upstreams = upstreams
    this.#onLearn = onLearn
    this.#followers = new Followers(agenda)
    this.core = this.#newCore()
  }

  /** A request arrives. Gives the verdict's reason; undefined where a hit still stood, or nobody listens. */
  request(question: Question, asker: Asker): EdgeReason | undefined {
    if (!this.alive) {
      asker.failed('refused')
      return undefined
    }
    const { now } = this.#agenda
    const standing = question.sibling ? undefined : this.#standing.find(question.path, now)
    if (standing !== undefined) {
      asker.answered(this.#answerFrom(standing, 'hit', false))
      return 'hit'
    }
    const verdict = this.core.inspect(question, now)
    if (verdict.do === 'fill' && asker.askAgain) {
      this.#followers.follow(question.path, asker.askAgain)
      return undefined
    }
    this.#admit(verdict, question, asker)
    this.#followers.bring(question.path)
    return verdict.reason
  }

  /** Whether anything had come from upstream for `path` before `at`. */
  hadAnswer(path: string, at: EpochMs): boolean {
    const answeredMs = this.#firstAnswered.get(path)
    return answeredMs !== undefined && answeredMs < at
  }

  /** Lets the askers in as far as the verdict goes; a limit that is met refuses the rest, who then get another answer. */
  #admit(verdict: Verdict, question: Question, asker: Asker): void {
    const { now } = this.#agenda
    const letIn = Math.min(asker.count, verdict.maxArrivals)
    const admission = this.core.admit(verdict, letIn, now)
    if (admission.ticket !== undefined) this.#tickets.set(admission.ticket, asker)
    else if (verdict.do === 'serve') {
      const isHit = verdict.reason === 'hit' && !verdict.refresh
      if (isHit && !question.sibling) this.#standing.stand(question.path, verdict.copy, verdict.validUntilMs)
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
        this.#standing.fall(effect.copy)
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
