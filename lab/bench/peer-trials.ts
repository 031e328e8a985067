import { setTimeout as sleep } from 'node:timers/promises'
import { captureEnd, capturingNumber } from '../../live/template.ts'
import { after, between, type EpochMs, type Ms, type SegmentNumber } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import { askUntil, until } from '../wait.ts'
import type { FailingRelay, Fault } from './failing-relay.ts'
import { type HeldAnswer, HeldClients } from './held-clients.ts'
import type { PeerGround } from './peer-ground.ts'

// The three trials of `npm run bench:peers`, each one round on one edge.

/** Everybody's request is on its way to the edge by then. */
const gatherMs = 120
/** Pollers ask from so long before the publication. */
const pollFromMs = 2_000
const pollEveryMs = 100
/** Pollers go on for as long as a late 404 was ever seen. */
const pollOnMs = 4_000
/** A client that waits for this long for one answer has lost. */
const answerWithinMs = 12_000

/** A segment number that was never used, whose capture ends at least `aheadMs` from now. */
export class Numbers {
  #last: SegmentNumber = 0

  next(ground: PeerGround, aheadMs: Ms): SegmentNumber {
    const capturing = capturingNumber(ground.event, after(now(), aheadMs)) as number
    this.#last = Math.max((this.#last as number) + 1, capturing)
    return this.#last
  }
}

/**
 * `clients` ask for a segment in its due window and are held until it is published, `restMs` after they have gathered.
 * How long each waited from the publication to its first byte; who got anything else than the segment is left out.
 */
export async function heldRound(
  ground: PeerGround,
  edge: string,
  number: SegmentNumber,
  { clients, restMs }: { clients: number; restMs: Ms },
): Promise<Ms[]> {
  const crowd = await HeldClients.connect(ground.url(edge), clients)
  try {
    await until(captureEnd(ground.event, number))
    const asking = crowd.ask(ground.path(number))
    const gathered = askUntil('a held request', async () => ((await ground.held()) > 0 ? true : undefined), {
      everyMs: 10,
      withinMs: 2_000,
    })
    const publishing = gathered.then(() => sleep(gatherMs + (restMs as number))).then(() => ground.publish(number))
    const [answers, body] = await Promise.all([bounded(asking), publishing])
    return answers.flatMap(({ status, publishedMs, firstByteMs, body: got }) =>
      status === 200 && publishedMs !== undefined && got.equals(body) ? [between(publishedMs, firstByteMs)] : [],
    )
  } finally {
    crowd.close()
  }
}

export interface PollOutcome {
  /** From the publication to the last 404 that anybody got; 0 where none came after it. */
  readonly last404Ms: Ms
  readonly beforePublication: number
}

/** `clients` ask for a segment every 100 ms from 2 s before its publication until they have it. */
export async function pollRound(
  ground: PeerGround,
  edge: string,
  number: SegmentNumber,
  clients: number,
): Promise<PollOutcome> {
  const publishMs = after(captureEnd(ground.event, number), ground.event.publishDelayMs)
  const crowd = await HeldClients.connect(ground.url(edge), clients)
  try {
    const publishing = until(publishMs).then(() => ground.publish(number))
    const polling = Array.from({ length: clients }, (_, client) => {
      const firstMs = after(publishMs, -pollFromMs + (client * pollEveryMs) / clients)
      return poll(crowd, client, ground.path(number), firstMs, after(publishMs, pollOnMs))
    })
    const [, ...seen] = await Promise.all([publishing, ...polling])
    const publishedMs = Math.min(...seen.map(one => (one.publishedMs as number | undefined) ?? Infinity))
    if (publishedMs === Infinity) throw new Error(`through ${edge} nobody got the segment`)
    const last404 = Math.max(...seen.map(one => (one.last404Ms as number | undefined) ?? 0))
    return {
      last404Ms: Math.max(0, last404 - publishedMs),
      beforePublication: await ground.beforePublication(number, edge),
    }
  } finally {
    crowd.close()
  }
}

/** One client's polling, open-loop: what is still unanswered at an instant skips it. */
async function poll(
  crowd: HeldClients,
  client: number,
  path: string,
  firstMs: EpochMs,
  endMs: EpochMs,
): Promise<{ last404Ms: EpochMs | undefined; publishedMs: EpochMs | undefined }> {
  let last404Ms: EpochMs | undefined
  for (let askMs = firstMs; askMs < endMs; ) {
    await until(askMs)
    const { status, publishedMs } = await crowd.askOne(client, path)
    if (status === 200) return { last404Ms, publishedMs }
    if (status === 404) last404Ms = now()
    while (askMs <= now()) askMs = after(askMs, pollEveryMs)
  }
  return { last404Ms, publishedMs: undefined }
}

export interface FaultOutcome {
  readonly originRequests: number
  /** Clients that got anything else than the segment. */
  readonly failed: number
}

/** `clients` ask for a published segment at once; the first of their requests that reaches the origin fails there. */
export async function faultRound(
  ground: PeerGround,
  relay: FailingRelay,
  edge: string,
  number: SegmentNumber,
  { clients, fault }: { clients: number; fault: Fault },
): Promise<FaultOutcome> {
  await until(captureEnd(ground.event, number))
  const body = await ground.publish(number)
  const path = ground.path(number)
  const crowd = await HeldClients.connect(ground.url(edge), clients)
  try {
    const gathered = askUntil('the first request', async () => (relay.asked(path) > 0 ? true : undefined), {
      everyMs: 5,
      withinMs: 5_000,
    }).then(() => sleep(gatherMs))
    relay.arm(path, fault, gathered)
    const asking = Array.from({ length: clients }, (_, client) => crowd.askOne(client, path))
    // An edge may close the connection of a client whose request failed: that client has failed, no more.
    const [settled] = await Promise.all([Promise.allSettled(asking.map(bounded)), gathered])
    const got = settled.filter(one => one.status === 'fulfilled' && isSegment(one.value, body))
    return { originRequests: relay.asked(path), failed: clients - got.length }
  } finally {
    crowd.close()
  }
}

const isSegment = ({ status, body: got }: HeldAnswer, body: Buffer): boolean => status === 200 && got.equals(body)

/** Rejects when the answer does not come. */
async function bounded<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const late = new AbortController()
  const tooLate = sleep(answerWithinMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no answer within ${answerWithinMs} ms`)
  })
  try {
    return await Promise.race([answer, tooLate])
  } finally {
    late.abort()
    tooLate.catch(() => undefined) // aborted: the answer was there
  }
}
