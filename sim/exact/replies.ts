import type { UpstreamHead } from '../../edge/core/verdict.ts'
import type { Address } from '../../live/address.ts'
import { formatProblem, problemContentType } from '../../live/problem.ts'
import { originReasons } from '../../live/reasons.ts'
import { between, type EpochMs } from '../../live/units.ts'
import type { Candidate, DescribeVerdict, Lifetime, RefuseVerdict, ServeVerdict } from '../../origin/core/verdict.ts'
import {
  candidateFields,
  EventFields,
  type Fields,
  lifetimeFields,
  lifetimeMs,
  mediaServerFields,
} from '../../origin/http/fields.ts'
import type { SharedLink } from '../network/shared-link.ts'
import type { ObjectId } from '../objects.ts'
import type { Ground } from './ground.ts'
import type { SimOrigin } from './origin.ts'
import { OriginTexts } from './origin-texts.ts'
import { noFacts, type ObjectFacts, type UpstreamCall } from './upstream-call.ts'

// What an origin's answers consist of in virtual time, and their way out: what origin/http/replies.ts does over sockets.

/** A request as the delivery side keeps it. */
export interface Asked {
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

/** What Node adds to each head by itself, and the status line: Date, Connection, Keep-Alive, the request's name. */
export const headBytesAround = 150

export class SimReplies {
  readonly texts = new OriginTexts()
  readonly #ground: Ground
  readonly #origin: SimOrigin
  readonly #link: SharedLink
  readonly #eventFields: EventFields
  readonly #ended: (asked: Asked, isFill: boolean, bytes: number, at: EpochMs) => void

  /** @param ended called when an answer is through, or its asker has gone */
  constructor(
    ground: Ground,
    origin: SimOrigin,
    ended: (asked: Asked, isFill: boolean, bytes: number, at: EpochMs) => void,
  ) {
    this.#ground = ground
    this.#origin = origin
    this.#ended = ended
    this.#link = ground.link(ground.calibration.links.origin.bitsPerSecond)
    this.#eventFields = new EventFields(origin.core, origin.region)
  }

  /** A body whose bytes are at hand. */
  serve(asked: Asked, verdict: ServeVerdict, now: EpochMs): void {
    const { candidate, lifetime } = verdict
    const { core, name } = this.#origin
    const isInit = candidate.number === undefined
    const kind = this.#kindOf(candidate.rendition)
    const fields = [
      ...candidateFields(candidate, kind),
      ...lifetimeFields(lifetime, now),
      ...this.#eventFields.get(),
      ...mediaServerFields({
        server: name,
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
    if (isCurrent(asked.call, candidate.etag)) {
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

  refuse(asked: Asked, { status, reason, lifetime }: Refusal, now: EpochMs): void {
    const askAgainInMs = lifetime && lifetimeMs(lifetime as Lifetime, now)
    const bytes = formatProblem({ status, reason, detail: originReasons[reason], askAgainInMs }).length
    const about = ['content-type', problemContentType, 'content-length', String(bytes)]
    const fields = [...about, ...lifetimeFields(lifetime, now), ...this.#eventFields.get()]
    this.#send(asked, { status, fields, bytes, facts: noFacts, isFill: false }, now)
  }

  /** A text that describes the event. */
  describe(asked: Asked, verdict: DescribeVerdict, now: EpochMs): void {
    const { bytes, etag } = this.texts.get(this.#origin.core.eventConfig(), verdict)
    const fields = ['etag', etag, ...lifetimeFields(verdict.lifetime, now), ...this.#eventFields.get()]
    const facts = { availableMs: NaN, playlist: this.texts.listOf(verdict), body: undefined }
    if (isCurrent(asked.call, etag)) this.#send(asked, { status: 304, fields, bytes: 0, facts, isFill: false }, now)
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
    const { cores } = this.#origin
    const work = status < 400 ? labour.originServe : labour.originRefuse
    const isHeld = releasedMs !== undefined
    const leavesMs = isHeld ? labour.originRelease.toldBy(cores, bytes, now) : work.doneBy(cores, bytes, now)
    asked.headMs = leavesMs
    const [head, headBytes] = headOf(status, fields)
    call.headLeaves(head, facts, leavesMs)
    this.#ground.carry(this.#link, bytes, leavesMs, at => {
      if (!this.#origin.alive) return
      call.bodyLeaves(bytes, at)
      this.#ended(asked, isFill && !call.isOver, bytes + headBytes, at)
    })
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

/** Whether the asker has this very body. */
export const isCurrent = ({ plan }: UpstreamCall, etag: string): boolean => plan.headers?.['if-none-match'] === etag

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
