import { stat } from 'node:fs/promises'
import { parseAddress } from '../../live/address.ts'
import { limits } from '../../live/limits.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import { ConfigurationError } from '../../process/configuration.ts'
import { type Arrival, type LogLine, readLogLine } from './from-log-format.ts'
import { lineBatchesOf } from './from-log-lines.ts'
import type { Lane } from './replay-log.ts'

// An access log as requests to send again. Lines that are no requests are counted and the first ones named; nothing that
// stands in a log ends the process.

/** What the lines of a log came to. */
interface LogCounts {
  readonly replayed: number
  /** Requests with a method that is not replayed. */
  readonly skipped: number
  /** Requests that no good client would send. */
  readonly refused: number
  /** Lines of no known format. */
  readonly malformed: number
}

/** What is known of a log before it is replayed. */
export interface LogSurvey {
  readonly counts: LogCounts
  /** How long the file was then: what is written to it afterwards, by the replayed requests perhaps, is not replayed. */
  readonly bytes: number
  /** From the first arrival to the last, at most. */
  readonly lengthMs: Ms
  /** Live events by how many requests are for them, the most first. */
  readonly events: readonly string[]
  /** What to tell a person, a line each. */
  readonly report: readonly string[]
}

type LoggedRequest = Extract<LogLine, { is: 'request' }>

/** So many lines of each kind are named. */
const namedLines = 3
/** Events beyond these are not told apart: the paths of a log may name anything. */
const toldEvents = 256

/** Reads the whole log and says what is in it. Throws ConfigurationError when it cannot be read, or has no request. */
export async function surveyLog(file: string): Promise<LogSurvey> {
  const bytes = await lengthOf(file)
  const reading = new LogReading(file, bytes)
  const events = new Map<string, number>()
  const methods = new Map<string, number>()
  let firstMs = Infinity
  let lastMs = -Infinity
  for await (const { arrival, path } of reading.requests(method =>
    methods.set(method, (methods.get(method) ?? 0) + 1),
  )) {
    firstMs = Math.min(firstMs, earliest(arrival) as number)
    lastMs = Math.max(lastMs, latest(arrival) as number)
    const event = parseAddress(path)?.event
    if (event === undefined || (!events.has(event) && events.size >= toldEvents)) continue
    events.set(event, (events.get(event) ?? 0) + 1)
  }
  const { counts } = reading
  if (counts.replayed === 0)
    throw new ConfigurationError([`the log ${file} has no request`, ...reading.report(methods)].join('; '))
  return {
    counts,
    bytes,
    lengthMs: lastMs - firstMs,
    events: [...events].sort((a, b) => b[1] - a[1]).map(([event]) => event),
    report: [
      `${file}: ${counts.replayed} requests in ${((lastMs - firstMs) / 1_000).toFixed(1)} s`,
      ...reading.report(methods),
    ],
  }
}

async function lengthOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    throw new ConfigurationError(`the log ${file} cannot be read: ${(error as Error).message}`)
  }
}

/**
 * The clients of a log that fall to a shard (`index` from 0), in the order in which they first appear. Where only the
 * second is known, the requests of one second are spread evenly over it, in the order of the log. Addresses of
 * `verifiedEvent` alone can be verified. `bytes`: as far as the log was surveyed. Throws ConfigurationError.
 */
export async function readLanes(
  file: string,
  shard: { readonly index: number; readonly of: number },
  verifiedEvent: string,
  bytes: number,
): Promise<Lane[]> {
  const clients = new Map<string, number>()
  const perSecond = new Map<number, number>()
  const mine = new Map<number, (LoggedRequest & { readonly position: number })[]>()
  let firstMs = Infinity
  for await (const request of new LogReading(file, bytes).requests()) {
    const { arrival, client } = request
    firstMs = Math.min(firstMs, earliest(arrival) as number)
    const lane = clients.get(client) ?? clients.size
    clients.set(client, lane)
    const position = arrival.is === 'within' ? (perSecond.get(arrival.secondMs as number) ?? 0) : 0
    if (arrival.is === 'within') perSecond.set(arrival.secondMs as number, position + 1)
    if (lane % shard.of !== shard.index) continue
    const requests = mine.get(lane)
    if (requests) requests.push({ ...request, position })
    else mine.set(lane, [{ ...request, position }])
  }
  const arrivedMs = (arrival: Arrival, position: number): number =>
    arrival.is === 'instant'
      ? (arrival.atMs as number)
      : (arrival.secondMs as number) +
        (1_000 * position) / (perSecond.get(arrival.secondMs as number) as number) -
        (arrival.tookMs as number)
  return [...mine].map(([index, requests]) => ({
    index,
    requests: requests
      .map(({ arrival, position, method, path }) => {
        const address = parseAddress(path)
        const atMs = arrivedMs(arrival, position) - firstMs
        return { atMs, method, path, address: address?.event === verifiedEvent ? address : undefined }
      })
      .sort((a, b) => a.atMs - b.atMs),
  }))
}

const earliest = (arrival: Arrival): EpochMs =>
  arrival.is === 'instant' ? arrival.atMs : (arrival.secondMs as number) - (arrival.tookMs as number)
const latest = (arrival: Arrival): EpochMs =>
  arrival.is === 'instant' ? arrival.atMs : (earliest(arrival) as number) + 1_000

/** One way through a log, and what was met on it. */
class LogReading {
  readonly #file: string
  readonly #bytes: number
  readonly #named = { refused: [] as string[], malformed: [] as string[] }
  readonly #counts = { replayed: 0, skipped: 0, refused: 0, malformed: 0 }

  constructor(file: string, bytes: number) {
    this.#file = file
    this.#bytes = bytes
  }

  get counts(): LogCounts {
    return this.#counts
  }

  /** The requests in the order of the log. */
  async *requests(skipped: (method: string) => void = () => {}): AsyncGenerator<LoggedRequest> {
    let number = 0
    for await (const lines of lineBatchesOf(this.#file, this.#bytes)) {
      for (const line of lines) {
        number++
        const read = readOne(line)
        if (read.is === 'request') {
          this.#countRequest()
          yield read
        } else if (read.is === 'skipped') {
          this.#counts.skipped++
          skipped(read.method)
        } else if (read.is !== 'none') this.#name(read, line, number)
      }
    }
  }

  /** What a person should know of the lines that are not replayed. */
  report(methods: ReadonlyMap<string, number>): string[] {
    const { skipped, refused, malformed } = this.#counts
    const said = [...methods].map(([method, count]) => `${count} ${method}`).join(', ')
    return [
      ...(skipped > 0 ? [`${skipped} requests skipped, only GET and HEAD are sent again: ${said}`] : []),
      ...(refused > 0 ? [`${refused} requests refused: ${this.#named.refused.join('; ')}`] : []),
      ...(malformed > 0 ? [`${malformed} malformed lines: ${this.#named.malformed.join('; ')}`] : []),
    ]
  }

  #countRequest(): void {
    this.#counts.replayed++
    if (this.#counts.replayed <= limits.replayRequests) return
    throw new ConfigurationError(`the log ${this.#file} has more than ${limits.replayRequests} requests: cut it`)
  }

  #name({ is, why }: Extract<LogLine, { why: string }>, line: string | undefined, number: number): void {
    this.#counts[is]++
    const named = this.#named[is]
    if (named.length < namedLines) named.push(`line ${number}: ${why}${line === undefined ? '' : `: ${shown(line)}`}`)
  }
}

const readOne = (line: string | undefined): LogLine =>
  line === undefined ? { is: 'malformed', why: `longer than ${limits.accessLogLineBytes} bytes` } : readLogLine(line)

/** The beginning of a line as it may stand on a terminal, whatever is in it. */
const shown = (line: string): string => JSON.stringify(line.slice(0, 80)).replace(/[^\x20-\x7e]/g, '?')
