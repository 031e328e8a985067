import type { Copy } from './state.ts'
import type { CopyHead } from './verdict.ts'

/** What is known of `copy`, for rendering. */
export function headOf(copy: Copy): CopyHead {
  const { id, target, began, expectedBytes, receivedBytes, complete, headers } = copy
  const { status, arrivedMs, initialAgeMs, freshUntilMs } = copy
  return {
    copy: id,
    key: target.key,
    status,
    headers,
    etag: headers.etag,
    bodyBytes: complete ? receivedBytes : expectedBytes,
    complete,
    arrivedMs,
    initialAgeMs,
    freshUntilMs,
    live: target.kind === 'live',
    asked: began,
  }
}
