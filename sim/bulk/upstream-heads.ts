import type { UpstreamHead } from '../../edge/core/verdict.ts'
import { lifetimeHeaders, noStore } from '../../live/lifetimes.ts'
import { formatEventState, formatName, liveFields } from '../../live/live-state.ts'
import type { EpochMs } from '../../live/units.ts'
import type { OriginCore } from '../../origin/core/origin-core.ts'
import type { Lifetime, OriginVerdict, PlaylistSegments } from '../../origin/core/verdict.ts'
import { lifetimeMs } from '../../origin/http/fields.ts'

// The head of an origin's answer as an edge's core sees it: the fields that edges decide by, and no others.

/** Texts that describe an event are small; their length decides nothing. */
const textBytes = 2_000
const problemBytes = 200

export interface OriginAnswer {
  readonly head: UpstreamHead
  readonly bodyBytes: number
  readonly playlist?: PlaylistSegments | undefined
}

export function answerOf(
  core: OriginCore,
  region: string,
  verdict: Exclude<OriginVerdict, { do: 'hold' }>,
  now: EpochMs,
): OriginAnswer {
  const state = {
    [liveFields.version]: formatEventState(core.eventState()),
    [liveFields.region]: formatName(region),
    ...lifetimeOf(verdict.lifetime, now),
  }
  const answer = (status: number, bodyBytes: number, more: Record<string, string> = {}) => ({
    head: { status, headers: { ...state, ...more, 'content-length': String(bodyBytes) } },
    bodyBytes,
  })
  switch (verdict.do) {
    case 'serve': {
      const { etag, pipeline, bodyBytes } = verdict.candidate
      return answer(200, bodyBytes as number, { etag, [liveFields.pipeline]: formatName(pipeline) })
    }
    case 'refuse':
      return answer(verdict.status, problemBytes)
    case 'describe':
      return { ...answer(200, textBytes, { etag: '"text"' }), playlist: verdict.segments }
  }
}

function lifetimeOf(lifetime: Lifetime | undefined, now: EpochMs): Record<string, string> {
  return lifetime ? lifetimeHeaders(lifetimeMs(lifetime, now)) : { 'cache-control': noStore }
}
