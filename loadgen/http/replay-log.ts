import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { type Address, parseAddress } from '../../live/address.ts'
import { limits } from '../../live/limits.ts'
import { hash32 } from '../../live/random.ts'
import type { Ms } from '../../live/units.ts'
import { ConfigurationError } from '../../process/configuration.ts'
import { describeZodError } from '../../process/control.ts'

// A recorded request log, NDJSON: lines `{"atMs": 120.5, "path": "/live/…", "method"?: "HEAD", "id"?: "p12-3"}`, or the
// decision log of a fleet, of which the `response` notes count. Instants count from the earliest of them.

/** One request of a log. */
interface LoggedRequest {
  /** From the log's earliest request. */
  readonly atMs: Ms
  readonly method: 'GET' | 'HEAD'
  readonly path: string
  readonly address: Address | undefined
}

/** The requests of one client of the log, in the order of time. */
export interface Lane {
  readonly index: number
  readonly requests: LoggedRequest[]
}

/** Requests of clients that the log does not name are dealt out among so many, which share the connections. */
const unnamedLanes = 256

const path = z
  .string()
  .regex(/^\/[\x21-\x7e]*$/, 'a path that begins with / and has no spaces')
  .max(limits.pathBytes)
const lineSchema = z.object({
  atMs: z.number(),
  path,
  method: z.enum(['GET', 'HEAD']).default('GET'),
  id: z.string().optional(),
})
const noteSchema = z.object({ note: z.literal('response'), plannedMs: z.number(), path, id: z.string().optional() })

/** The clients of `file` that fall to a shard (`index` from 0). Throws ConfigurationError with the line that is wrong. */
export async function readReplayLog(file: string, shard = { index: 0, of: 1 }): Promise<Lane[]> {
  const lanes = new Map<number, LoggedRequest[]>()
  let earliestMs = Infinity
  for await (const { request, id, line } of linesOf(file)) {
    earliestMs = Math.min(earliestMs, request.atMs as number)
    const lane = laneOf(id, line)
    if (lane % shard.of !== shard.index) continue
    const requests = lanes.get(lane)
    if (requests) requests.push(request)
    else lanes.set(lane, [request])
  }
  return [...lanes].map(([index, requests]) => ({
    index,
    requests: requests
      .map(request => ({ ...request, atMs: (request.atMs as number) - earliestMs }))
      .sort((a, b) => a.atMs - b.atMs),
  }))
}

/** From the first request of `file` to its last. Throws ConfigurationError. */
export async function replayLengthMs(file: string): Promise<Ms> {
  let earliestMs = Infinity
  let latestMs = -Infinity
  for await (const { request } of linesOf(file)) {
    earliestMs = Math.min(earliestMs, request.atMs as number)
    latestMs = Math.max(latestMs, request.atMs as number)
  }
  if (latestMs === -Infinity) throw new ConfigurationError(`the request log ${file} has no request`)
  return latestMs - earliestMs
}

async function* linesOf(
  file: string,
): AsyncGenerator<{ request: LoggedRequest; id: string | undefined; line: number }> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity })
  let line = 0
  let requests = 0
  try {
    for await (const text of lines) {
      line++
      const found = text.trim() === '' ? undefined : readLine(text, file, line)
      if (found === undefined) continue
      if (++requests > limits.replayRequests) {
        throw new ConfigurationError(`the request log ${file} has more than ${limits.replayRequests} requests: cut it`)
      }
      yield { ...found, line }
    }
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(`the request log ${file} cannot be read: ${(error as Error).message}`)
  }
}

function readLine(
  text: string,
  file: string,
  line: number,
): { request: LoggedRequest; id: string | undefined } | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ConfigurationError(`${file}:${line} is not JSON: one request a line is wanted`)
  }
  if (isOtherLogLine(value)) return undefined
  const note = noteSchema.safeParse(value)
  const { error, data } = lineSchema.safeParse(
    note.success ? { atMs: note.data.plannedMs, path: note.data.path, id: note.data.id } : value,
  )
  if (error) throw new ConfigurationError(`${file}:${line} is no request: ${describeZodError(error)}`)
  const { atMs, path, method, id } = data
  return { request: { atMs, path, method, address: parseAddress(path) }, id }
}

/** Lines of a decision log that are not about a request: its head, calls, its cut mark, other notes. */
const isOtherLogLine = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ('log' in value || 'call' in value || ('note' in value && value.note !== 'response'))

const laneOf = (id: string | undefined, line: number): number => {
  const player = /^p([0-9]{1,9})-/.exec(id ?? '')?.[1]
  return player === undefined ? hash32(id ?? String(line)) % unnamedLanes : Number(player)
}
