import { z } from 'zod'
import { hash32 } from '../live/random.ts'
import type { Bytes, Ms } from '../live/units.ts'

// What the simulated world takes from a real machine: how long each kind of work takes and what it costs in CPU, how
// long a way is, how late a generator acts. Pure data with a version; `tidegate calibrate` measures one,
// `sim/default-calibration.ts` is the one that stands in the repository.

export const calibrationSchemaName = 'tidegate-calibration/1'

const ms = z.number().nonnegative().max(3_600_000)

/** Each point lies beyond the one before, and no lower. */
const rises = (points: readonly (readonly [number, number])[]): boolean =>
  points.every(([at, value], i) => i === 0 || (at > points[i - 1]![0] && value >= points[i - 1]![1]))

/**
 * A distribution as `[share, ms]` points of its inverse, from share 0 to share 1, rising in both; between two points it
 * is a straight line. One point alone, `[0, ms]`, is a constant.
 */
const quantilesSchema = z
  .array(z.tuple([z.number().min(0).max(1), ms]))
  .min(1)
  .max(64)
  .refine(rises, 'shares must rise, and so must the times')
  .refine(points => points[0]?.[0] === 0, 'the first point must stand at share 0')
export type Quantiles = z.infer<typeof quantilesSchema>

/** One kind of work: the CPU it occupies (a core serves one at a time), and what passes beside that without a core. */
const workSchema = z.strictObject({
  cpuMs: ms,
  /** On top, for each MiB of body that goes through. */
  cpuMsPerMib: ms,
  /** Of what is put down to wait: CPU that it occupies as it comes. */
  arrivalMs: ms.optional(),
  /** CPU that it goes on to occupy when its answer has left: the kernel behind a write, the event loop. */
  afterMs: ms.optional(),
  /** On top of that, for each MiB of body. */
  afterMsPerMib: ms.optional(),
  /** Waiting that occupies nothing: the kernel, a disk, a scheduler. */
  besideMs: quantilesSchema,
})
export type Work = z.infer<typeof workSchema>
const nothing: Work = { cpuMs: 0, cpuMsPerMib: 0, besideMs: [[0, 0]] }

/** How a process stands still for its garbage collector: each time that it has worked for so long, for so long. */
const pausesSchema = z.strictObject({ everyMs: z.number().positive().max(3_600_000), lastsMs: quantilesSchema })
export type Pauses = z.infer<typeof pausesSchema>

const linkSchema = z.strictObject({
  /** Null: nothing bounds it but the player's own scenario. */
  bitsPerSecond: z.number().positive().nullable(),
})

export const calibrationSchema = z.strictObject({
  schema: z.literal(calibrationSchemaName),
  /** Where it comes from, for people: measured on what, when, how; or assumed. */
  origin: z.string().min(10),
  /** The machine that it was measured on; times are never compared across machines. */
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.number().int().positive(),
    platform: z.string(),
    node: z.string(),
  }),
  work: z.strictObject({
    /** A request that the edge answers out of storage. */
    edgeHit: workSchema,
    /** A request that waits for a fill, its share of the delivery included. */
    edgeWait: workSchema,
    /** What one fill costs the edge: sending upstream, taking the body in. */
    edgeFill: workSchema,
    /** A short answer of the edge's own making. */
    edgeRefuse: workSchema,
    /** A delivery request at the origin, from arrival to the last byte handed to the kernel, without the store. */
    originServe: workSchema,
    /** The same, where the answer is short and of the origin's own making. */
    originRefuse: workSchema.default({ cpuMs: 0.1, cpuMsPerMib: 0, besideMs: [[0, 0]] }),
    /** A held request that is released together with others. */
    originRelease: workSchema,
    /** A PUT at the origin, without the store. */
    originPublish: workSchema,
    /** A full TLS handshake at the server; not part of any of the above. */
    tlsHandshake: workSchema,
    /** The packager: encoding is not in it, preparing and sending one PUT is. */
    pipelinePut: workSchema,
    /** What the generator spends on an answer, from its first byte to the player's next decision. */
    player: workSchema,
    /** The same, where the answer is no segment or text, but a status: a 404, a 503. */
    playerRefused: workSchema.default(nothing),
    /** What the generator spends on a request until it has left. */
    playerAsk: workSchema.default(nothing),
  }),
  /** By the store's name. `memory` is always there. */
  stores: z
    .record(z.string(), z.strictObject({ read: workSchema, write: workSchema }))
    .refine(stores => stores.memory !== undefined, "the store 'memory' must be there"),
  /** One way, from the last byte sent to the first received; a round trip draws twice. */
  latency: z.strictObject({
    playerEdge: quantilesSchema,
    edgeSibling: quantilesSchema,
    edgeOrigin: quantilesSchema,
    pipelineOrigin: quantilesSchema,
  }),
  /** One direction of each kind of link; what shares a link shares it fairly. */
  links: z.strictObject({ player: linkSchema, edge: linkSchema, origin: linkSchema, store: linkSchema }),
  /** A lost packet is a delay: this often, this long. */
  loss: z.strictObject({ share: z.number().min(0).max(0.5), delayMs: quantilesSchema }),
  connection: z.strictObject({
    /** Round trips before the first request of a new connection: 1 for TCP, 2 with TLS 1.3. */
    roundTrips: z.number().int().min(0).max(4),
    tls: z.boolean(),
  }),
  cores: z.strictObject({
    edge: z.number().int().positive(),
    origin: z.number().int().positive(),
    /** All players share so many, as in a real run, where one process plays them; null: each has a machine of its own. */
    generator: z.number().int().positive().nullable().default(null),
    /** All processes share so many, as in a real run on one machine; null: each has its own. */
    machine: z.number().int().positive().nullable().default(null),
    /**
     * How long a process takes to hear of what comes once that has arrived, from each idle time on. Where there is none, as
     * where each process has a machine, it is in the ways.
     */
    hears: z
      .array(z.strictObject({ idleMs: ms, takesMs: quantilesSchema }))
      .max(64)
      .refine(all => all.every(({ idleMs }, i) => i === 0 || idleMs > all[i - 1]!.idleMs), 'idle times must rise')
      .default([]),
    /** By the role of the process; where there is none, it never pauses. */
    pauses: z
      .strictObject({ edge: pausesSchema, origin: pausesSchema, generator: pausesSchema, pipeline: pausesSchema })
      .partial()
      .default({}),
  }),
  generator: z.strictObject({
    /** From the planned instant of a player's action to its being sent. */
    lagMs: quantilesSchema,
    /** The same of what a player asks for upon an answer, which waits for no timer; absent: it does. */
    atOnceLagMs: quantilesSchema.optional(),
    /** Timers go off together, every so many ms, and that is the lag of what waits for one; absent: each by itself. */
    timersMs: z.number().positive().max(1_000).optional(),
    /** From the lab's instant of an action to its effect. */
    actionMs: quantilesSchema,
    /** How long a killed edge takes to listen again, beyond its time down. */
    edgeStartMs: quantilesSchema,
  }),
})
export type Calibration = z.infer<typeof calibrationSchema>
export type WorkName = keyof Calibration['work']

/** A calibration that cannot be used; the message says what would be right. */
export class CalibrationError extends Error {}

/** Reads a calibration from parsed JSON; `file` is for messages. Throws CalibrationError. */
export function parseCalibration(json: unknown, file: string): Calibration {
  const named = z.object({ schema: z.string() }).safeParse(json)
  if (!named.success) throw new CalibrationError(`${file} is no calibration: it names no schema`)
  if (named.data.schema !== calibrationSchemaName) {
    throw new CalibrationError(
      `${file} is of version '${named.data.schema}', and '${calibrationSchemaName}' is wanted: measure anew with 'tidegate calibrate'`,
    )
  }
  const parsed = calibrationSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new CalibrationError(`${file}: ${issue?.path.join('.') || 'the calibration'}: ${issue?.message}`)
}

/** Sixteen hexadecimal digits that two calibrations share only when they say the same. */
export function calibrationId(calibration: Calibration): string {
  const { origin: _origin, ...decisive } = calibration
  const text = JSON.stringify(decisive, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  return [1, 2].map(seed => hash32(text, seed).toString(16).padStart(8, '0')).join('')
}

export const wayNames = ['playerEdge', 'edgeSibling', 'edgeOrigin', 'pipelineOrigin'] as const
/** One-way latencies that are said instead of the calibrated ones, ms. */
export type Latencies = Partial<Readonly<Record<(typeof wayNames)[number], number>>>

/** `calibration` with constant `latencies`. */
export const withLatencies = (calibration: Calibration, latencies: Latencies): Calibration => ({
  ...calibration,
  latency: {
    ...calibration.latency,
    ...Object.fromEntries(
      Object.entries(latencies).map(([way, at]): [string, Quantiles] => [way, [[0, at as number]]]),
    ),
  },
})

/** The value at `at` of the straight lines between `points`, which rise; beyond the first and the last as there. */
function valueAt(points: Quantiles, at: number): Ms {
  let before = points[0]!
  if (at <= before[0]) return before[1]
  for (let i = 1; i < points.length; i++) {
    const next = points[i]!
    if (at <= next[0]) return before[1] + ((at - before[0]) / (next[0] - before[0])) * (next[1] - before[1])
    before = next
  }
  return before[1]
}

/** The value at `share` in [0, 1] of the distribution. */
export const quantileAt = (points: Quantiles, share: number): Ms => valueAt(points, share)

/** The mean of the distribution. */
export function meanOf(points: Quantiles): Ms {
  let mean = 0
  for (let i = 1; i < points.length; i++) {
    const [[fromShare, from], [toShare, to]] = [points[i - 1]!, points[i]!]
    mean += ((from + to) / 2) * (toShare - fromShare)
  }
  const [lastShare, last] = points.at(-1)!
  return mean + (1 - lastShare) * last
}

/** Whether the store by this name works in threads of the origin's own process; others are processes of their own. */
export const isEmbedded = (store: string): boolean => store === 'memory' || store === 'lsm'

const mib = 1024 * 1024

/** The CPU that `work` occupies for a body of `bodyBytes`. */
export const cpuMsOf = (work: Work, bodyBytes: Bytes): Ms =>
  work.cpuMs + (work.cpuMsPerMib * (bodyBytes as number)) / mib

/** The CPU that `work` goes on to occupy when its answer has left. */
export const afterMsOf = (work: Work, bodyBytes: Bytes): Ms =>
  (work.afterMs ?? 0) + ((work.afterMsPerMib ?? 0) * (bodyBytes as number)) / mib
