import type { LiveEvent } from '../../live/event.ts'
import { liveFields, parseEventState } from '../../live/live-state.ts'
import type { LookupView } from './decisions.ts'
import type { Context, Out } from './fills.ts'
import { targetIn } from './lookup.ts'
import type { Copy } from './state.ts'
import { keyOf, unknownVersion, versionOfKey } from './target.ts'

// What is stored and in flight when an event's configuration is learned: of an older version it goes; what was asked for
// before anything was known moves under the version that its answer speaks of.

const isOf = (event: LiveEvent) => (copy: Copy) => copy.target.event === event.event

/** Copies of older versions go; their addresses are remembered, so that the next fill can say why it is made. */
export function forgetVersion({ store, events }: Context, event: LiveEvent, out: Out): void {
  const known = events.get(event.event)
  if (!known) return
  known.shedUntilMs = 0
  known.flushed.clear()
  for (const copy of store.stored(isOf(event))) {
    const version = versionOfKey(copy.target.key) ?? unknownVersion
    if (version >= event.version || isOfVersion(copy, event)) continue
    known.flushed.add(copy.target.path)
    out.effects.push(...store.unlist(copy))
  }
}

/** Asked for before the event was known, and the answer says that it is of this version. */
const isOfVersion = (copy: Copy, event: LiveEvent): boolean =>
  versionOfKey(copy.target.key) === unknownVersion &&
  parseEventState(copy.headers[liveFields.version])?.version === event.version

/** What was stored or is in flight under no version is found under the event's from now on. */
export function moveToVersion({ store, fills }: Context, view: LookupView, event: LiveEvent, out: Out): void {
  for (const fill of fills.all()) {
    if (fill.target.event !== event.event || versionOfKey(fill.key) !== unknownVersion) continue
    fill.target = targetIn(view, fill.question)
    fills.rekey(fill, fill.target.key)
    if (fill.copy && !fill.copy.stored) fill.copy.target = fill.target
  }
  for (const copy of store.stored(isOf(event))) {
    if (versionOfKey(copy.target.key) !== unknownVersion) continue
    const target = { ...copy.target, ...targetIn(view, { method: 'GET', path: copy.target.path }) }
    const others = store.at(keyOf(event.version, copy.target.path))
    if (others) out.effects.push(...store.unlist(copy))
    else store.rekey(copy, target)
  }
}
