import { type EdgeConfigInput, edgeConfigSchema } from '../edge/http/config.ts'
import { eventDefaults, type LiveEvent } from '../live/event.ts'
import { now } from '../process/clock.ts'
import { bodyOf, HostileUpstream, largeBytes } from './hostile-upstream.ts'
import { type Control, deliveryTarget, edgeTarget, publishTarget, stored, type Target } from './target.ts'

// Everything that cases are tried on: edges in front of the hostile upstream, one for each way that an edge has of
// serving, and an origin whose event is filled. How processes come into being is the caller's matter: in the tests they
// run within the test's own process, in the benchmark as processes of their own.

/** How edges and origins are started. */
export interface Starter {
  edge(config: EdgeConfigInput): Promise<{ readonly url: string } & Control>
  origin(config: {
    readonly name: string
    readonly event: LiveEvent
    readonly store: { readonly is: 'memory' }
    readonly backlogUntilMs: number
  }): Promise<{ readonly delivery: string; readonly publish: string; readonly publishToken: string } & Control>
}

export interface Grounds {
  readonly upstream: HostileUpstream
  readonly edges: readonly Target[]
  readonly delivery: Target
  readonly publish: Target
  readonly targets: readonly Target[]
  /** The event at the origin; its packagers may put numbers from `stored.next` on. */
  readonly event: LiveEvent
  readonly publishToken: string
}

/** The ways of serving that an edge has, as configuration. */
const waysOfServing: readonly { readonly name: string; readonly config: object }[] =
  'fastPath' in edgeConfigSchema.shape
    ? [true, false].map(fastPath => ({ name: `edge, fastPath ${fastPath}`, config: { fastPath } }))
    : [{ name: 'edge', config: {} }]

/** Published so that every segment of the cases exists; the backlog may be filled for as long as a start takes. */
const backlogForMs = 3_600_000
const ageMs = 7_000_000

export async function startGrounds(starter: Starter): Promise<Grounds> {
  const upstream = await HostileUpstream.start()
  const edges: Target[] = []
  for (const [index, { name, config }] of waysOfServing.entries()) {
    const edge = await starter.edge({
      name: `bad${index}`,
      site: 'a',
      origins: [{ url: upstream.url }],
      events: ['bad', 'large'],
      ...config,
    })
    edges.push(edgeTarget(`${name}, cold`, edge, upstream, false), edgeTarget(`${name}, warm`, edge, upstream, true))
  }
  const event = originEvent()
  const origin = await starter.origin({
    name: 'origin',
    event,
    store: { is: 'memory' },
    backlogUntilMs: (now() as number) + backlogForMs,
  })
  const { publishToken } = origin
  await fillEvent(origin.publish, event, publishToken)
  const delivery = deliveryTarget({ ...origin, url: origin.delivery }, event)
  const publish = publishTarget({ ...origin, url: origin.publish }, event, publishToken)
  return { upstream, edges, delivery, publish, targets: [...edges, delivery, publish], event, publishToken }
}

const originEvent = (): LiveEvent => ({
  ...eventDefaults,
  event: 'bad',
  startMs: Math.floor(now() as number) - ageMs,
  dvrWindowMs: 20_000_000,
  renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1', timescale: 90_000 }],
})

async function fillEvent(url: string, event: LiveEvent, token: string): Promise<void> {
  const bodies = new Map<number, string | Uint8Array>([
    [stored.empty, ''],
    [stored.large, Buffer.alloc(largeBytes, 'x')],
  ])
  for (let number = stored.first; number < stored.first + stored.count; number++) {
    bodies.set(number, bodyOf(`/live/${event.event}/v1/${number}.m4s`))
  }
  for (const [number, body] of bodies) {
    const path = `/ingest/a/${event.event}/v1/${number}.m4s`
    const put = () => fetch(url + path, { method: 'PUT', headers: { authorization: `Bearer ${token}` }, body })
    // Listeners with short bounds close on a client that a busy machine keeps waiting; the same PUT again is done once.
    const answer = await put().catch(put).catch(put)
    if (!answer.ok) throw new Error(`PUT ${path} was answered ${answer.status}: ${await answer.text()}`)
  }
}
