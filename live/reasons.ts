// The closed list of reasons. Each verdict of a core carries one; the same word stands in decision logs, in the
// `detail` of `Cache-Status`, in problem details, in results and in docs/reasons.md (a test keeps the lists equal).

export const edgeReasons = {
  hit: 'a fresh copy is stored',
  'negative-hit': 'a negative answer is stored and its lifetime has not ended',
  'stale-error': 'a stale copy is served because its revalidation failed (never for live objects)',
  'stale-updating': 'a stale copy is served while one request refreshes it (never for live objects under oca)',
  collapsed: 'joined the fill that is already in flight for this key',
  'fill-miss': 'nothing is stored for this key',
  'fill-flushed': "nothing is stored under the event's new version; an older one was",
  'fill-expired': 'the stored copy has passed its lifetime',
  'fill-negative-expired': 'the stored negative answer has passed its lifetime',
  'fill-invalidated': 'an invalidation rule covers the stored copy',
  'fill-after-failure': 'the shared failure of an earlier fill has passed its time',
  'fill-uncacheable': 'the answer before could not be stored, so this request goes upstream',
  'fill-unlocked': 'an expired entry, which the lock does not cover (nginx), or the lock is off',
  'lock-poll': 'waits for the lock and looks again on a timer (nginx)',
  'lock-timeout': 'waited for the lock until its time-out, then goes to the origin by itself (nginx)',
  'fill-resume': 'a fill broke; the rest is asked for with Range and If-Range',
  'fill-restart': 'a fill broke before its head, or its rest was another body; asked for anew, once',
  'fill-next-sibling': 'a sibling refused or reset; the next edge in the order is asked, or the origin',
  'pass-no-cache': 'the policy does not cache: every request goes through',
  'pass-method': 'a method or request that is not cacheable goes through',
  'refused-outside': 'the number is not of the event: nothing goes upstream',
  'refused-too-early': 'the due window opens later than clocks can differ: nothing goes upstream',
  'refused-left-window': 'the number has left the DVR window longer ago than clocks can differ',
  'refused-shed-class': "the event's DVR class is shed: one stored 503 stands for all of it",
  'refused-loop': 'a request marked by an edge of this site would be sent to a third',
  'refused-out-of-date': 'the asker knows a newer version of the event, and this edge cannot learn it',
  'refused-waiters': 'the limit on waiting requests is met',
  'refused-fills': 'the limit on fills in flight is met',
  'refused-method': 'only GET and HEAD are served of live objects, and no method that speaks to proxies',
  'refused-only-if-cached': 'the asker takes a stored answer only, and none may be given',
  'refused-malformed': 'the request is not one that HTTP or an address allows',
  'hold-ended': "the upstream's hold ended without the segment; its short 404 is handed to all who waited",
  'wait-ended': 'waited its whole bound at the edge without an answer from upstream',
  'shared-failure': 'the fill failed twice; the failure is shared for a short time',
  'fill-failed': 'the request upstream failed, and the policy tries no second time (nginx, none)',
  'upstream-answer': 'the answer of the fill that this request started or joined',
} as const

export const originReasons = {
  published: 'the first valid candidate',
  'published-defective': 'no sound candidate came in time: the least defective one, its defects named',
  held: 'due, so held until published',
  'waiting-for-candidate': 'the first candidate is defective; the other pipeline has a moment left',
  'hold-ended': 'the longest hold ended without the segment',
  overdue: 'a hold of it ended without it, or pushes have stopped: asked again in a moment',
  'too-early': 'the due window has not opened; the lifetime ends when it does',
  'outside-event': 'the number is not of the event',
  'unknown-event': 'no such event',
  'unknown-rendition': 'the event has no such rendition',
  'not-an-address': 'the path names nothing',
  'never-made': 'not made within the retry deadline',
  'left-window': 'left the DVR window',
  'all-masked': 'every candidate is masked',
  'out-of-date': 'the asker knows a newer state of the event than this origin: refused, so that nothing old is kept',
  shed: 'DVR is shed so that the live edge goes on',
  'too-many-holds': 'the limit on held requests is met',
  'origin-down': 'a fault switch makes the origin refuse',
  'store-failed': 'the store could not read what the index names',
  described: 'manifest, playlist, event configuration or initialisation segment',
  'not-modified': "the asker's copy is current",
  'method-not-allowed': 'only GET and HEAD are delivered, only PUT is ingested',
  malformed: 'the request is not one that HTTP or an address allows',
} as const

export const publishReasons = {
  accepted: 'stored, and visible to those who wait',
  'accepted-again': 'the same body was stored before: an idempotent retry, no second publish',
  'wrong-token': 'the bearer token is missing or wrong',
  'unknown-pipeline': 'the event has no such pipeline',
  'unknown-target': 'no such event or rendition',
  'before-capture': 'nothing can be published before its last frame is captured',
  'past-deadline': 'the retry deadline has passed: the number is gone',
  'outside-event': 'the number is not of the event',
  conflict: 'another body of this segment by this pipeline is already stored',
  torn: 'fewer bytes came than the length said',
  'length-required': 'a PUT must say its length',
  'too-large': 'larger than a segment may be',
  'bad-defects': 'the Live-Defects field is malformed',
  'store-failed': 'the store could not keep it; try again',
  'store-full': 'the store has no room; what it has can be read',
} as const

export const tierReasons = {
  'cache-first': 'the cache is asked before the store',
  'cache-miss': 'the cache does not have these chunks: the store is asked',
  'cache-corrupt': 'what the cache has of these chunks fails its checksum: the store is asked',
  'cache-slow': 'the cache server did not answer within its bound',
  'cache-failed': 'the cache server broke off or refused',
  'cache-resting': 'every cache server has failed too often and is left alone for a while: the store is asked',
  published: 'the store has acknowledged the body: its chunks are written through',
  fill: 'chunks that were missed have come from the store: they are written back',
  removed: 'the body is removed from the store, so from the cache as well',
} as const

export type EdgeReason = keyof typeof edgeReasons
export type OriginReason = keyof typeof originReasons
export type PublishReason = keyof typeof publishReasons
export type TierReason = keyof typeof tierReasons
export type Reason = EdgeReason | OriginReason | PublishReason | TierReason
