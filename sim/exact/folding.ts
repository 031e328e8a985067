import type { Effect, Verdict } from '../../edge/core/verdict.ts'
import { edgeReasons, originReasons, publishReasons } from '../../live/reasons.ts'
import type { PipelineEffect } from '../../origin/core/pipeline-effect.ts'
import type { BodyVerdict, OfferVerdict, OriginEffect, OriginVerdict } from '../../origin/core/verdict.ts'
import type { DecisionHash } from '../decision-hash.ts'

// How decisions go into the hash: who decided, what, about what, why, and until when it stands.

const places = (names: object): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.keys(names).map((name, place) => [name, place]))

export const edgeReasonPlaces = places(edgeReasons)
const originReasonPlaces = places(originReasons)
const publishReasonPlaces = places(publishReasons)
const edgeDoes = places({ serve: 0, refuse: 0, join: 0, fill: 0, poll: 0, pass: 0 })
const originDoes = places({ serve: 0, refuse: 0, hold: 0, describe: 0 })

/** Who decides, as the first word of a decision; edges count on from `edge`. */
export const deciders = { player: 1, origin: 2, pipeline: 3, edge: 16 } as const

export function foldEdgeVerdict(hash: DecisionHash, edge: number, object: number, verdict: Verdict): void {
  hash.word(deciders.edge + edge)
  hash.word(object)
  hash.word(((edgeDoes[verdict.do] as number) << 8) | (edgeReasonPlaces[verdict.reason] as number))
  hash.number(verdict.validUntilMs as number)
}

export function foldEdgeEffects(hash: DecisionHash, edge: number, effects: readonly Effect[]): void {
  for (const effect of effects) {
    hash.word(deciders.edge + edge)
    switch (effect.do) {
      case 'fetch': {
        const { plan } = effect
        hash.word(1 + ((edgeReasonPlaces[plan.reason] as number) << 8))
        hash.word(effect.fetch)
        hash.text(`${plan.path} ${plan.upstream.is === 'origin' ? plan.upstream.region : plan.upstream.edge}`)
        hash.number(plan.headByMs as number)
        break
      }
      case 'abandon':
        hash.word(2)
        hash.word(effect.fetch)
        break
      case 'collect':
        hash.word(3)
        hash.word(effect.copy)
        hash.word(effect.fromBytes as number)
        break
      case 'deliver':
        hash.word(4 + ((edgeReasonPlaces[effect.reason] as number) << 8))
        hash.word(effect.ticket)
        hash.word(effect.copy)
        break
      case 'answer':
        hash.word(5 + ((edgeReasonPlaces[effect.answer.reason] as number) << 8))
        hash.word(effect.ticket)
        hash.word(effect.answer.status)
        break
      case 'break':
        hash.word(6 + ((effect.by ?? 0) << 8))
        hash.word(effect.copy)
        break
      case 'complete':
      case 'drop':
        hash.word(effect.do === 'complete' ? 7 : 8)
        hash.word(effect.copy)
        break
      case 'learn-event':
        hash.word(9)
    }
  }
}

export function foldOriginVerdict(hash: DecisionHash, verdict: OriginVerdict): void {
  hash.word(deciders.origin)
  hash.word(((originDoes[verdict.do] as number) << 8) | (originReasonPlaces[verdict.reason] as number))
  hash.number(verdict.validUntilMs as number)
  if (verdict.do === 'serve') hash.text(verdict.candidate.etag)
  else if (verdict.do === 'refuse' && verdict.lifetime)
    hash.number((verdict.lifetime.is === 'until' ? verdict.lifetime.untilMs : verdict.lifetime.forMs) as number)
}

export function foldOriginEffects(hash: DecisionHash, effects: readonly OriginEffect[]): void {
  for (const effect of effects) {
    hash.word(deciders.origin)
    if (effect.do === 'release') {
      for (const ticket of effect.tickets) hash.word(ticket)
      foldOriginVerdict(hash, effect.verdict)
    } else hash.word(effect.number as number)
  }
}

export function foldPut(hash: DecisionHash, verdict: OfferVerdict | BodyVerdict): void {
  hash.word(deciders.origin)
  hash.word(verdict.do === 'answer' ? 1 + (publishReasonPlaces[verdict.reason] as number) : 0)
}

export function foldPipelineEffects(hash: DecisionHash, pipeline: number, effects: readonly PipelineEffect[]): void {
  for (const effect of effects) {
    hash.word(deciders.pipeline)
    hash.word(pipeline)
    hash.text(effect.rendition)
    hash.word((effect.number as number | undefined) ?? -1)
    if (effect.do === 'give-up') hash.text(effect.why)
    else {
      hash.word(effect.attempt)
      hash.number(effect.plannedMs as number)
      hash.word(effect.defects.length)
    }
  }
}
