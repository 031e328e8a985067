import { type Bytes, between, type EpochMs, type Ms } from '../live/units.ts'

// The lines of an access log, in nginx's combined format with fields of ours behind it, or as JSON. docs/observability.md
// has the same as an nginx `log_format`, so that one tool reads the logs of both.

/** What is logged of a request itself; an `IncomingMessage` has it. */
export interface LoggedRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly headers: { readonly referer?: string | undefined; readonly 'user-agent'?: string | undefined }
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** One request that has ended, as it is logged and counted. */
export interface AccessEntry {
  readonly request: LoggedRequest
  readonly id: string
  /** 499, as nginx has it, where the client left before an answer began; 500 where this process broke it off then. */
  readonly status: number
  readonly bodyBytes: Bytes
  readonly arrivedMs: EpochMs
  /** How long it waited for the answer's head to come from upstream, or for its publication; undefined: it did not. */
  readonly waitedMs: Ms | undefined
  /** From the closed list (live/reasons.ts). */
  readonly reason: string
}

/** Status of a request whose client left before an answer began (nginx's own code). */
export const clientLeftStatus = 499

export type AccessLogFormat = 'combined' | 'json'

/** An entry at the end of its request. */
export interface EndedEntry {
  readonly entry: AccessEntry
  readonly endedMs: EpochMs
  /** nginx's `$upstream_cache_status`; undefined where no cache was asked. */
  readonly cacheWord?: string | undefined
}

/** The line, without its end. */
export const formatEntry = (format: AccessLogFormat, ended: EndedEntry): string =>
  format === 'json' ? formatJson(ended) : formatCombined(ended)

/** The last line of a log that has met its limit. */
export const cutMark = (format: AccessLogFormat, limitBytes: Bytes): string =>
  format === 'json' ? JSON.stringify({ log: 'cut', limitBytes }) : `# cut at ${limitBytes} bytes`

/**
 * `$remote_addr - - [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`, then
 * `rt`, `uht`, `ucs`, `reason`, `rid` and `msec`. As in nginx the time is that of the request's end; it is UTC here.
 */
function formatCombined({ entry, endedMs, cacheWord }: EndedEntry): string {
  const { request, status, bodyBytes, arrivedMs, waitedMs, reason, id } = entry
  const { referer, 'user-agent': userAgent } = request.headers
  const line = escaped(`${request.method} ${request.url} HTTP/${request.httpVersion}`)
  return [
    `${request.socket.remoteAddress ?? '-'} - - [${timeLocal(endedMs)}]`,
    `"${line}" ${status} ${bodyBytes} "${escaped(referer)}" "${escaped(userAgent)}"`,
    `rt=${seconds(between(arrivedMs, endedMs))} uht=${waitedMs === undefined ? '-' : seconds(waitedMs)}`,
    `ucs=${cacheWord ?? '-'} reason=${reason} rid=${escaped(id)} msec=${seconds(endedMs)}`,
  ].join(' ')
}

function formatJson({ entry, endedMs, cacheWord }: EndedEntry): string {
  const { request, status, bodyBytes, arrivedMs, waitedMs, reason, id } = entry
  return JSON.stringify({
    time: new Date(arrivedMs as number).toISOString(),
    atMs: toMicroseconds(arrivedMs),
    client: request.socket.remoteAddress,
    method: request.method,
    path: request.url,
    protocol: `HTTP/${request.httpVersion}`,
    status,
    bytes: bodyBytes,
    referer: request.headers.referer,
    userAgent: request.headers['user-agent'],
    tookMs: toMicroseconds(between(arrivedMs, endedMs)),
    waitedMs: waitedMs === undefined ? undefined : toMicroseconds(waitedMs),
    cache: cacheWord,
    reason,
    id,
  })
}

/** What nginx writes as `\xXX`: quotes, backslashes, and everything that is not printable ASCII. */
const unprintable = /["\\]|[^\x20-\x7e]/g
const anyUnprintable = /["\\]|[^\x20-\x7e]/

/** `text` as nginx escapes it (`ngx_http_log_escape`), '-' for undefined. Node gives a character for each byte. */
function escaped(text: string | undefined): string {
  if (text === undefined) return '-'
  if (!anyUnprintable.test(text)) return text
  return text.replace(unprintable, byte => `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

const seconds = (durationMs: Ms | EpochMs): string => ((durationMs as number) / 1_000).toFixed(3)
const toMicroseconds = (durationMs: Ms | EpochMs): number => Math.round((durationMs as number) * 1_000) / 1_000

/** English month names, whatever the machine's language: the log's format has them. */
export const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

let timeOfSecond = ''
let secondOfTime = -1

/** `23/Nov/2026:02:05:03 +0000`; a busy server asks thousands of times for the same second. */
function timeLocal(at: EpochMs): string {
  const second = Math.floor((at as number) / 1_000)
  if (second === secondOfTime) return timeOfSecond
  const date = new Date(second * 1_000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${monthNames[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  timeOfSecond = `${day}:${time} +0000`
  secondOfTime = second
  return timeOfSecond
}
