import { crc32 } from 'node:zlib'
import type { Bytes, Ms } from '../../live/units.ts'
import type { CandidateKey, KnownBody, SegmentStore } from '../../origin/store/segment-store.ts'

// How fast a store gives bodies: Gbit/s on this machine, and CPU of this process (all of its threads) a GB. What a
// database's own process spends is not in it. Stores are compared interleaved: one short turn of each a round, so that
// a busy moment of the machine meets all of them; the median over rounds counts.

export interface ReadLoad {
  readonly bodyBytes: Bytes
  /** Different bodies, read in turn. */
  readonly bodies: number
  /** Reads at once. */
  readonly inFlight: number
  readonly turnMs: Ms
}

/** MiB-sized segments, as in an origin storm; twenty edges with a few requests each. */
export const stormReads: ReadLoad = { bodyBytes: 1024 * 1024, bodies: 64, inFlight: 16, turnMs: 500 }

export interface ReadRate {
  readonly gbitPerS: number
  readonly cpuMsPerGb: number
}

export interface PreparedReads {
  readonly store: SegmentStore
  readonly load: ReadLoad
  readonly bodies: readonly { readonly key: CandidateKey; readonly known: KnownBody }[]
}

const event = 'bench-reads'

/** Puts what is to be read into `store`. */
export async function prepareReads(store: SegmentStore, load: ReadLoad = stormReads): Promise<PreparedReads> {
  const numbers = Array.from({ length: load.bodies }, (_, number) => number)
  const bodies = []
  for (const number of numbers) {
    const key: CandidateKey = { event, rendition: 'v1', number, pipeline: 'a' }
    const body = Buffer.alloc(load.bodyBytes as number, `body ${number}, `)
    const etag = `"a-${crc32(body).toString(16).padStart(8, '0')}-${body.length}"`
    const known = { etag, bodyBytes: body.length }
    await store.put(key, body, { ...known, arrivedMs: Date.now() }, etag)
    bodies.push({ key, known })
  }
  return { store, load, bodies }
}

/** Reads for one turn. Throws when a body comes in another length: a rate of wrong answers is none. */
export async function readTurn({ store, load, bodies }: PreparedReads): Promise<ReadRate> {
  const { inFlight, turnMs } = load
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  let bytes = 0
  let next = 0
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() - startedMs < (turnMs as number)) {
        const { key, known } = bodies[next++ % bodies.length] as PreparedReads['bodies'][number]
        const body = await store.get(key, known)
        if (body.length !== known.bodyBytes) throw new Error(`${key.number} came with ${body.length} bytes`)
        bytes += body.length
        // Memory answers in the same turn: timers and sockets must have theirs, as in an origin.
        await new Promise(setImmediate)
      }
    }),
  )
  const tookMs = performance.now() - startedMs
  const { user, system } = process.cpuUsage(cpuBefore)
  return { gbitPerS: (bytes * 8) / 1e6 / tookMs, cpuMsPerGb: (user + system) / 1e3 / (bytes / 1e9) }
}

/** Each store's median over `rounds`, in turns that are interleaved. */
export async function compareReads(
  stores: ReadonlyMap<string, PreparedReads>,
  rounds: number,
): Promise<Map<string, ReadRate>> {
  const turns = new Map<string, ReadRate[]>([...stores.keys()].map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, prepared] of stores) turns.get(name)?.push(await readTurn(prepared))
  }
  return new Map(
    [...turns].map(([name, rates]) => [
      name,
      {
        gbitPerS: median(rates.map(rate => rate.gbitPerS)),
        cpuMsPerGb: median(rates.map(rate => rate.cpuMsPerGb)),
      },
    ]),
  )
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}
