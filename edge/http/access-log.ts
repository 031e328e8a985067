import { type EdgeReason, edgeReasons } from '../../live/reasons.ts'
import { type AccessLog, type AccessLogConfig, openAccessLog } from '../../process/access-log.ts'
import { nginxWord } from '../core/response-head.ts'
import type { EdgeRecorder } from './edge-recorder.ts'

// The access log of an edge: every request that ends, with nginx's word for what the cache did.

/** nginx's `$upstream_cache_status` by reason; none where the edge refused and no cache was asked. */
const words = new Map<string, string>(
  (Object.keys(edgeReasons) as EdgeReason[])
    .filter(reason => !reason.startsWith('refused-'))
    .map(reason => [reason, nginxWord(reason)]),
)

/** Opens the log that `config` wants and writes down what `recorder` hears of. Throws ConfigurationError. */
export async function logAccesses(
  config: AccessLogConfig | undefined,
  name: string,
  recorder: EdgeRecorder,
): Promise<AccessLog | undefined> {
  if (!config) return undefined
  const log = await openAccessLog(config, name)
  recorder.watch((entry, endedMs) => log.write({ entry, endedMs, cacheWord: words.get(entry.reason) }))
  return log
}
