import { expectedPublication, isDvr } from '../../live/template.ts'
import { after, type EpochMs } from '../../live/units.ts'
import {
  begin,
  type Decision,
  hit,
  isReadable,
  type LookupView,
  missReason,
  refusal,
  sharedFailure,
  staleWhileRefreshed,
  underWay,
} from './decisions.ts'
import { isInvalidated } from './events.ts'
import { isNegative } from './freshness.ts'
import { forever } from './gate.ts'
import type { Copy } from './state.ts'
import type { Target } from './target.ts'
import type { Question } from './verdict.ts'

// Lookups of live objects: segments and media playlists.

export function decideLive(view: LookupView, target: Target, question: Question, now: EpochMs): Decision {
  const { store, policy } = view
  const { key } = target
  const copy = store.at(key)
  const spoilt = copy !== undefined && isSpoilt(copy, target)
  if (copy && !spoilt && now < copy.freshUntilMs && isReadable(copy, policy)) return hit(copy, key)
  const fill = view.fillAt(key)
  const shed = fill ? undefined : shedClass(view, target, now)
  if (shed?.isDvr) return refusal(503, 'refused-shed-class', now, shed.untilMs)
  const decision =
    staleLive(view, target, question, copy, spoilt, now) ??
    sharedFailure(view, key, now) ??
    underWay(view, target, question, key, now) ??
    begin(view, target, question, { reason: missReason(view, target, copy, spoilt), stored: copy !== undefined }, now)
  return shed ? { ...decision, validUntilMs: Math.min(decision.validUntilMs ?? forever, shed.untilMs) } : decision
}

/** Covered by a rule; or a sibling knows rules that this edge does not, and the copy is older than those. */
function isSpoilt(copy: Copy, target: Target): boolean {
  if (isInvalidated(copy, target.config)) return true
  const { asked, config } = target
  const newestRule = config?.invalidations.at(-1)?.sequence ?? 0
  return asked !== undefined && asked.sequence > newestRule && (copy.began?.sequence ?? 0) < asked.sequence
}

/** Whether the event's DVR class is shed, whether `target` is of it, and until when both stay so. */
function shedClass({ events }: LookupView, { event, config, number }: Target, now: EpochMs) {
  const shedUntilMs = events.get(event)?.shedUntilMs ?? 0
  if (!config || number === undefined || now >= shedUntilMs) return undefined
  if (isDvr(config, number, now)) return { isDvr: true, untilMs: shedUntilMs }
  const becomesDvrMs = after(expectedPublication(config, number), config.dvrAfterMs)
  return { isDvr: false, untilMs: Math.min(shedUntilMs as number, becomesDvrMs as number) }
}

/** Stale live objects, only where the policy says so, and never a negative or an invalidated one. */
function staleLive(
  view: LookupView,
  target: Target,
  question: Question,
  copy: Copy | undefined,
  spoilt: boolean,
  now: EpochMs,
): Decision | undefined {
  const { policy } = view
  if (!policy.staleLive || !policy.proxy_cache_use_stale.includes('updating')) return undefined
  if (!copy?.complete || spoilt || isNegative(copy.status)) return undefined
  return staleWhileRefreshed(view, target, question, copy, target.key, undefined, now)
}
