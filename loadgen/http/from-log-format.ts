import { METHODS } from 'node:http'
import { limits } from '../../live/limits.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import { monthNames } from '../../process/access-log-format.ts'

// What a line of an access log says: nginx's combined format, with or without fields behind it, or a line of JSON as
// Tidegate's own edge and origin write it (process/access-log-format.ts).

/** When a request arrived: exactly, or some time in a second, of which its end is known only. */
export type Arrival =
  | { readonly is: 'instant'; readonly atMs: EpochMs }
  /** `tookMs` before an unknown instant of the second that begins at `secondMs`. */
  | { readonly is: 'within'; readonly secondMs: EpochMs; readonly tookMs: Ms }

export type LogLine =
  | {
      readonly is: 'request'
      readonly arrival: Arrival
      readonly method: 'GET' | 'HEAD'
      readonly path: string
      /** Who asked: a player that the request's name tells, else an address with its user agent. */
      readonly client: string
    }
  /** A request that is not replayed: its method may change something. */
  | { readonly is: 'skipped'; readonly method: string }
  /** A request line that no good client would send; what is wrong with it. */
  | { readonly is: 'refused'; readonly why: string }
  /** No line of a known format. */
  | { readonly is: 'malformed'; readonly why: string }
  /** Nothing: an empty line, or the mark of a log that was cut. */
  | { readonly is: 'none' }

/** Reads one line. */
export function readLogLine(line: string): LogLine {
  if (line.trim() === '' || line.startsWith('#')) return { is: 'none' }
  return line.startsWith('{') ? readJson(line) : readCombined(line)
}

const quoted = String.raw`"((?:[^"\\]|\\.)*)"`
/** `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" …` */
const combined = new RegExp(
  String.raw`^(\S+) \S+ [^"]{0,256}?\[(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\] ` +
    String.raw`${quoted} \d{3} (?:\d+|-) ${quoted} ${quoted}(?: (.*))?$`,
)

function readCombined(line: string): LogLine {
  const parts = combined.exec(line)
  if (!parts) return { is: 'malformed', why: "not nginx's combined format" }
  const [, address, day, month, year, hour, minute, second, sign, zoneHours, zoneMinutes] = parts
  const [request = '', , userAgent = '', extra = ''] = parts.slice(11)
  const monthIndex = monthNames.indexOf(month as (typeof monthNames)[number])
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)]
  if (monthIndex < 0 || d < 1 || d > 31 || h > 23 || m > 59 || s > 60) {
    return { is: 'malformed', why: 'its time is none' }
  }
  const zoneMs = (sign === '-' ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  const secondMs = Date.UTC(Number(year), monthIndex, d, h, m, s) - zoneMs
  const fields = extraFields(extra)
  const [method = '', target = '', protocol = '', more] = unescaped(request).split(' ')
  if (!/^HTTP\/\d\.\d$/.test(protocol) || more !== undefined || !METHODS.includes(method)) {
    return { is: 'refused', why: 'its request line is none' }
  }
  return requestOf({
    method,
    path: target,
    arrival: arrivalOf(secondMs, fields),
    client: playerOf(fields.get('rid')) ?? `${address} ${userAgent}`,
  })
}

/** The fields behind the combined format, `name=value` or `name="value"`. */
const extraFields = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/(?:^| )(rt|msec|rid)="?([^" ]*)/g)].map(([, name, value]) => [name, value] as [string, string]),
  )

/** `msec` has the end to the millisecond, `rt` how long it took; the format itself only the second of the end. */
function arrivalOf(secondMs: EpochMs, fields: ReadonlyMap<string, string>): Arrival {
  const took = Number(fields.get('rt') ?? 0)
  const tookMs = Number.isFinite(took) && took > 0 ? took * 1_000 : 0
  const endMs = Number(fields.get('msec') ?? Number.NaN) * 1_000
  // A msec that is not in the line's own second is something else of that name.
  if (Math.abs(endMs - (secondMs as number)) < 2_000) return { is: 'instant', atMs: endMs - tookMs }
  return { is: 'within', secondMs, tookMs }
}

function readJson(line: string): LogLine {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { is: 'malformed', why: 'not JSON' }
  }
  const { atMs, method, path, client, userAgent, id, log } = value as Record<string, unknown>
  if (typeof log === 'string') return { is: 'none' }
  if (typeof atMs !== 'number' || typeof method !== 'string' || typeof path !== 'string') {
    return { is: 'malformed', why: 'no JSON line of ours: atMs, method and path are wanted' }
  }
  const player = typeof id === 'string' ? playerOf(id) : undefined
  return requestOf({
    method,
    path,
    arrival: { is: 'instant', atMs },
    client: player ?? `${String(client)} ${String(userAgent)}`,
  })
}

interface Found {
  readonly method: string
  readonly path: string
  readonly arrival: Arrival
  readonly client: string
}

function requestOf({ method, path, arrival, client }: Found): LogLine {
  if (!METHODS.includes(method)) return { is: 'refused', why: 'its method is none' }
  if (method !== 'GET' && method !== 'HEAD') return { is: 'skipped', method }
  if (!path.startsWith('/')) return { is: 'refused', why: 'its path does not begin with /' }
  if (path.length > limits.targetBytes) return { is: 'refused', why: `its path has over ${limits.targetBytes} bytes` }
  if (!/^[\x21-\x7e]*$/.test(path)) return { is: 'refused', why: 'its path has bytes that stand in no path' }
  return { is: 'request', arrival, method, path, client }
}

/** A fleet names the requests of its players `p{index}-{request}`. */
const playerOf = (id: string | undefined): string | undefined => /^p[0-9]{1,9}(?=-)/.exec(id ?? '')?.[0]

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', v: '\v', f: '\f' }

/** Takes nginx's `\xXX` and what other servers write (`\"`, `\\`, `\n`) back. */
const unescaped = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\(?:x([0-9A-Fa-f]{2})|(.))/g, (_, hex: string | undefined, other: string) =>
        hex === undefined ? (escapes[other] ?? other) : String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text
