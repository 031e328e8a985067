import type { EpochMs } from '../../live/units.ts'
import type { PutOutcome } from '../../origin/core/pipeline-retry.ts'
import type { PutBody } from '../../origin/core/verdict.ts'
import { foldPut } from './folding.ts'
import type { Ground } from './ground.ts'
import type { SimOrigin } from './origin.ts'

// The origin's publish side in virtual time: what origin/http/publish.ts does over sockets. A PUT is judged by its head,
// then by its whole body, stored, made visible, answered.

/** How a PUT ended, at the origin; `etag` is the name of what it keeps. */
export type PutEnded = (outcome: PutOutcome, etag: string | undefined, at: EpochMs) => void

const storeRefusals = {
  conflict: { status: 409, reason: 'conflict' },
  unavailable: { status: 503, reason: 'store-failed' },
  missing: { status: 503, reason: 'store-failed' },
} as const

export class PublishSide {
  readonly #ground: Ground
  readonly #origin: SimOrigin
  readonly #open = new Set<PutEnded>()

  constructor(ground: Ground, origin: SimOrigin) {
    this.#ground = ground
    this.#origin = origin
  }

  /** A PUT arrives. */
  put(body: PutBody, now: EpochMs, ended: PutEnded): void {
    const { core, books } = this.#origin
    this.#open.add(ended)
    const answer = ({ status, reason }: Answer, at: EpochMs) => {
      if (!this.#open.delete(ended)) return
      books.putEnded(reason, now, at)
      ended({ status }, body.etag, at)
    }
    const offered = this.#offer(body, now)
    if (offered.do === 'answer') {
      answer(offered, now)
      return
    }
    const { labour, agenda, hash } = this.#ground
    agenda.at(labour.originPublish.begunBy(this.#origin.cores, body.bodyBytes as number, now), arrivedMs => {
      if (!this.#origin.alive) return
      const judged = core.arrived(body, arrivedMs)
      foldPut(hash, judged)
      if (judged.do === 'answer') answer(judged, arrivedMs)
      else this.#keep(body, arrivedMs, answer)
    })
  }

  /** A PUT arrives whose packager dies in the middle of its body. */
  tornPut(body: PutBody, now: EpochMs): void {
    if (this.#offer(body, now).do !== 'receive') return
    const { labour, agenda } = this.#ground
    const { books, cores } = this.#origin
    agenda.at(labour.originPublish.begunBy(cores, (body.bodyBytes as number) / 2, now), at => {
      if (this.#origin.alive) books.putEnded('torn', now, at)
    })
  }

  /** The process is gone: every connection is reset. */
  die(now: EpochMs): void {
    for (const ended of this.#open) ended({ failure: 'reset' }, undefined, now)
    this.#open.clear()
  }

  #offer(body: PutBody, now: EpochMs) {
    const { core } = this.#origin
    const offered = core.offer(body, now)
    foldPut(this.#ground.hash, offered)
    if (core.lastPuts().get(body.pipeline) === now) this.#origin.tell({ say: 'pushed', pipeline: body.pipeline }, now)
    this.#origin.schedule()
    return offered
  }

  #keep(body: PutBody, now: EpochMs, answer: (answer: Answer, at: EpochMs) => void): void {
    const origin = this.#origin
    const { core, books } = origin
    origin.store.put(body, now, (fault, storedMs) => {
      if (fault !== undefined) {
        core.failed(body)
        answer(storeRefusals[fault], storedMs)
        return
      }
      const stored = core.stored(body, storedMs)
      if (stored.answer.reason === 'accepted') {
        const { pipeline, rendition, number, etag, bodyBytes, defects } = body
        const candidate = { pipeline, rendition, number, etag, bodyBytes, defects, storedMs }
        origin.tell({ say: 'stored', candidate }, storedMs)
        if (number !== undefined) books.published(core.eventConfig(), rendition, number, storedMs)
      }
      // Those who wait come before the packager, which has nobody waiting for it.
      origin.apply(stored.effects, storedMs, body)
      answer(stored.answer, storedMs)
      origin.cores.aside(this.#ground.labour.originPublish.afterMs(body.bodyBytes as number), storedMs)
    })
  }
}

type Answer = { readonly status: number; readonly reason: Parameters<SimOrigin['books']['putEnded']>[0] }
