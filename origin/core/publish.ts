import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import type { PublishReason } from '../../live/reasons.ts'
import { captureEnd, isOfEvent } from '../../live/template.ts'
import type { EpochMs } from '../../live/units.ts'
import type { PutAnswer, PutBody, PutHead } from './verdict.ts'

// Which PUTs are taken. Looked at three times: at the head (before a byte is read), when the body is whole, and when
// the store has acknowledged it; a number that is gone by then is gone, whatever was on its way.

const statuses = {
  accepted: 201,
  'accepted-again': 200,
  'unknown-pipeline': 404,
  'unknown-target': 404,
  'outside-event': 404,
  'too-large': 413,
  'before-capture': 425,
  'past-deadline': 410,
  conflict: 409,
} as const satisfies Partial<Record<PublishReason, PutAnswer['status']>>

/** A final answer to a PUT by its reason, which decides the status. */
export const putAnswer = (reason: keyof typeof statuses): PutAnswer => ({
  do: 'answer',
  status: statuses[reason],
  reason,
})

/**
 * Why a PUT is refused at `now`, undefined when it may be stored. `deadlineMs` is when the number is gone, Infinity for
 * one that is published already: the other pipeline's candidate of it is welcome until it leaves the window.
 */
export function putRefusal(event: LiveEvent, head: PutHead, deadlineMs: EpochMs, now: EpochMs): PutAnswer | undefined {
  if (head.event !== event.event) return putAnswer('unknown-target')
  if (!event.pipelines.includes(head.pipeline)) return putAnswer('unknown-pipeline')
  if (!event.renditions.some(({ name }) => name === head.rendition)) return putAnswer('unknown-target')
  if (head.bodyBytes > limits.segmentBodyBytes) return putAnswer('too-large')
  if (head.number === undefined) return undefined
  if (!isOfEvent(event, head.number)) return putAnswer('outside-event')
  if ((now as number) < (captureEnd(event, head.number) as number) - event.clockSlackMs)
    return putAnswer('before-capture')
  return now >= deadlineMs ? putAnswer('past-deadline') : undefined
}

/** What to answer when a body of this pipeline and number is known; undefined when there is none. */
export const againOrConflict = (known: { readonly etag: string } | undefined, body: PutBody): PutAnswer | undefined =>
  known && putAnswer(known.etag === body.etag ? 'accepted-again' : 'conflict')
