import { setTimeout as pause } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { RandomStream } from '../../../live/random.ts'
import type { Ms } from '../../../live/units.ts'
import { openStore } from '../../../origin/store/open-store.ts'
import {
  type CandidateKey,
  type SegmentStore,
  StoreError,
  type StoreObserver,
} from '../../../origin/store/segment-store.ts'
import { PlainLoad } from './plain-load.ts'
import type {
  Awaited,
  AwaitPlan,
  Delivered,
  DeliverPlan,
  OpenPlan,
  PlainPlan,
  Plan,
  Published,
  PublishPlan,
  StormBody,
  Stormed,
  StormPlan,
} from './worker-commands.ts'

// A process of the store benchmark: opens a store as an origin does and does what it is told. Several plans run at once
// where a store serves one process only. Ends when its channel closes.

const counts = new Map<string, number>()
const observer: StoreObserver = {
  count: (name, by = 1) => counts.set(name, (counts.get(name) ?? 0) + by),
  time: () => undefined,
}
let store: SegmentStore | undefined

const keyOf = (number: number): CandidateKey => ({ event: 'bench', rendition: 'v1', number, pipeline: 'a' })
/** The same clock in every process of this machine. */
const clockMs = () => performance.timeOrigin + performance.now()

async function open({ config, budgetMs, keepMs }: OpenPlan): Promise<Record<string, never>> {
  await store?.close()
  store = await openStore(config, { observer, budgetMs, keepMs })
  return {}
}

/** A timer rings up to a millisecond early: the rest is waited out, or a publish would begin before its time. */
async function until(plannedMs: number): Promise<void> {
  await pause(Math.max(0, plannedMs - performance.now() - 1))
  while (performance.now() < plannedMs) await new Promise(setImmediate)
}

async function publish({ first, count, everyMs, bodyBytes }: PublishPlan): Promise<Published> {
  const opened = store as SegmentStore
  const durationsMs: Ms[] = []
  const bodies: StormBody[] = []
  let failed = 0
  const startMs = performance.now()
  const puts = Array.from({ length: count }, async (_, i) => {
    const plannedMs = startMs + i * (everyMs as number)
    // Made in the pause before: making a body is the packager's work.
    await pause(Math.max(0, plannedMs - performance.now() - 20))
    const number = first + i
    const body = Buffer.alloc(bodyBytes as number, `body ${number}, `)
    const etag = `"a-${crc32(body).toString(16).padStart(8, '0')}-${body.length}"`
    const known = { etag, bodyBytes: body.length }
    await until(plannedMs)
    try {
      await opened.put(keyOf(number), body, { ...known, arrivedMs: clockMs() }, etag)
      durationsMs.push(performance.now() - plannedMs)
      bodies.push({ number, known })
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      process.stderr.write(`bench:store: ${error.message}\n`)
      failed++
    }
  })
  await Promise.all(puts)
  return { durationsMs, failed, bodies }
}

/** Begins reads at planned instants, an open loop; resolves when the last has ended. */
async function atRandom(
  { readsPerS, forMs, random }: Pick<StormPlan, 'readsPerS' | 'forMs'> & { readonly random: RandomStream },
  read: (plannedMs: number) => Promise<void>,
): Promise<void> {
  const startMs = performance.now()
  const running: Promise<void>[] = []
  for (let plannedMs = startMs; plannedMs < startMs + (forMs as number); ) {
    plannedMs += random.exponential(1_000 / readsPerS)
    const waitMs = plannedMs - performance.now()
    if (waitMs > 0) await pause(waitMs)
    running.push(read(plannedMs))
  }
  await Promise.all(running)
}

/** Looks through `body` and copies it over and over, as those do who check and join what they read. */
function busyWith(body: Buffer, untilMs: number): void {
  for (let at = 0; performance.now() < untilMs; at = (at + piece.length) % body.length) {
    crc32(body.subarray(at, at + piece.length))
    body.copy(piece, 0, at)
  }
}

/** Of a body, looked through at once. */
const piece = Buffer.alloc(65_536)

async function plain({ spinMs, bodyBytes, count, readsPerS, forMs, seed }: PlainPlan): Promise<Record<string, never>> {
  const load = await PlainLoad.start(bodyBytes, count)
  try {
    await atRandom({ readsPerS, forMs, random: new RandomStream(seed, 'storm') }, async () => {
      busyWith(await load.read(), performance.now() + (spinMs as number))
    })
  } finally {
    load.stop()
  }
  return {}
}

async function storm({ bodies, readsPerS, forMs, seed }: StormPlan): Promise<Stormed> {
  const opened = store as SegmentStore
  const random = new RandomStream(seed, 'storm')
  const before = new Map(counts)
  const result = { reads: 0, failed: 0, bytes: 0, durationsMs: [] as Ms[], lagMs: 0 }
  const read = async ({ number, known }: StormBody, plannedMs: number) => {
    result.lagMs = Math.max(result.lagMs, performance.now() - plannedMs)
    result.reads++
    try {
      const body = await opened.get(keyOf(number), known)
      result.bytes += body.length
      result.durationsMs.push(performance.now() - plannedMs)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      result.failed++
    }
  }
  await atRandom({ readsPerS, forMs, random }, plannedMs =>
    read(bodies[Math.floor(random.next() * bodies.length)] as StormBody, plannedMs),
  )
  const counted = [...counts].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const)
  return { ...result, counts: Object.fromEntries(counted) }
}

async function deliver({ bodies, inFlight, forMs }: DeliverPlan): Promise<Delivered> {
  const opened = store as SegmentStore
  const cpuBefore = process.cpuUsage()
  const startMs = performance.now()
  let bytes = 0
  let next = 0
  const reader = async () => {
    while (performance.now() - startMs < (forMs as number)) {
      const { number, known } = bodies[next++ % bodies.length] as StormBody
      const body = await opened.get(keyOf(number), known)
      // Not in one line with the await, which would add to what the sum was before it.
      bytes += body.length
      // Memory answers in the same turn: timers and sockets must have theirs, as in an origin.
      await new Promise(setImmediate)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, reader))
  const { user, system } = process.cpuUsage(cpuBefore)
  return { bytes, tookMs: performance.now() - startMs, cpuMs: (user + system) / 1_000 }
}

async function waitFor({ body: { number, known } }: AwaitPlan): Promise<Awaited> {
  for (;;) {
    try {
      await (store as SegmentStore).get(keyOf(number), known)
      return { atMs: clockMs() }
    } catch (error) {
      if (!(error instanceof StoreError) || error.fault !== 'missing') throw error
      await new Promise(setImmediate)
    }
  }
}

function carryOut(plan: Plan): Promise<object> {
  switch (plan.do) {
    case 'open':
      return open(plan)
    case 'publish':
      return publish(plan)
    case 'storm':
      return storm(plan)
    case 'plain':
      return plain(plan)
    case 'deliver':
      return deliver(plan)
    case 'await':
      return waitFor(plan)
  }
}

process.on('message', ({ id, plan }: { id: number; plan: Plan }) => {
  carryOut(plan).then(
    result => process.send?.({ id, result }),
    (error: Error) => process.send?.({ id, error: error.stack ?? error.message }),
  )
})
process.on('disconnect', async () => {
  await store?.close()
  process.exit(0)
})
