import { join } from 'node:path'
import { effectsOf, readLog } from '../../results/explain/read-log.ts'
import type { Part } from '../../results/record/part.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { total } from '../../results/sums.ts'
import { type SeenPut, SeenPuts } from './seen-puts.ts'
import { type SeenWay, upstreamWaysOf, waysOf } from './ways.ts'

// What the decision logs of real runs say of each request: when it left, arrived, was answered. All processes of a run
// share one clock, so that instants of two logs can be compared.

/** One request as one place saw it; instants in ms on the run's clock. */
export interface Seen {
  /** When its player wanted to send it. */
  plannedMs?: number
  atMs?: number
  firstByteMs?: number
  lastByteMs?: number
  bytes?: number
  reason?: string
  /** It was held, or waited for a fill: the ticket that it got, and when it was told that it waits no more. */
  ticket?: number
  releasedMs?: number
  /** From the store, at the origin: asked, and there. */
  readMs?: number
}

/** When an edge's core asked for a fetch, and of whom; when it heard of the head. */
interface SeenFetch {
  readonly atMs: number
  readonly sibling: boolean
  headMs?: number
}

/** One variant of one run, as its processes counted it. */
export interface StormSeen {
  /** What its requests' names begin with. */
  readonly mark: string
  readonly seconds: number
  /** How much of the time all cores of the machine worked, if they worked independently of each other. */
  readonly fullShare: number
  readonly parts: readonly Part[]
}

export interface CalibrationRun {
  /** By the request's name. */
  readonly edges: ReadonlyMap<string, Seen>
  readonly origin: ReadonlyMap<string, Seen>
  readonly players: ReadonlyMap<string, Seen>
  /** By the fetch's name. */
  readonly fetches: ReadonlyMap<string, SeenFetch>
  readonly puts: readonly SeenPut[]
  readonly parts: readonly Part[]
  readonly storms: readonly StormSeen[]
  /** Of requests and first bytes between players and edges, and of first bytes from origins to edges, ms. */
  readonly ways: readonly SeenWay[]
  readonly upstreamWaysMs: readonly number[]
  /** From the planned instant of a command to its effect, and how long an edge took to listen again. */
  readonly actionMs: readonly number[]
  readonly edgeStartMs: readonly number[]
  /** How much of the machine's time all processes together worked, as a fraction. */
  readonly busyShare: number
  readonly commit: string
}

/** What the decision logs of these runs say of every request, all runs and variants together. */
export async function readRuns(
  runs: readonly { readonly record: RunRecord; readonly folder: string }[],
): Promise<CalibrationRun> {
  const run: Gathered = { edges: new Map(), origin: new Map(), players: new Map(), fetches: new Map() }
  const [storms, puts, actionMs, edgeStartMs]: [StormSeen[], SeenPut[], number[], number[]] = [[], [], [], []]
  let coreMs = 0
  for (const [i, { record, folder }] of runs.entries()) {
    for (const [j, variant] of record.variants.entries()) {
      // Names of requests are those of one variant of one run.
      const mark = `${i}/${j}/`
      const { actions, logs, startedMs } = variant
      const seenPuts = new SeenPuts()
      for (const log of logs) await readInto(run, log, { mark, seenPuts, file: join(folder, log.file) })
      puts.push(...seenPuts.since(startedMs))
      const planned = actions.filter(({ action }) => action.do === 'notify')
      actionMs.push(...planned.map(({ atMs, action }) => atMs - startedMs - Number(action.atMs)))
      const killed = actions.find(({ action }) => action.do === 'restart-edge')
      const back = actions.find(({ action }) => action.do === 'revive-edge')
      if (killed && back) edgeStartMs.push(back.atMs - killed.atMs - Number(killed.action.downMs ?? 0))
      const { cores } = record.environment
      const tookMs = variant.endedMs - startedMs
      const busy = total(variant.parts, 'cpu_ms') / Math.max(1, cores * tookMs)
      storms.push({ mark, seconds: tookMs / 1_000, fullShare: Math.min(1, busy) ** cores, parts: variant.parts })
      coreMs += cores * tookMs
    }
  }
  const parts = storms.flatMap(storm => storm.parts)
  const busyShare = coreMs > 0 ? Math.min(1, total(parts, 'cpu_ms') / coreMs) : 0
  const ways = { ways: waysOf(run, 1 - busyShare), upstreamWaysMs: upstreamWaysOf(run) }
  return {
    ...run,
    ...ways,
    puts,
    parts,
    storms,
    actionMs,
    edgeStartMs,
    busyShare,
    commit: runs[0]?.record.commit ?? 'unknown',
  }
}

type Gathered = {
  readonly [Name in 'edges' | 'origin' | 'players']: Map<string, Seen>
} & { readonly fetches: Map<string, SeenFetch> }

interface Into {
  readonly mark: string
  readonly seenPuts: SeenPuts
  readonly file: string
}

async function readInto(
  run: Gathered,
  { role, name }: { readonly role: string; readonly name: string },
  { mark, seenPuts, file }: Into,
): Promise<void> {
  if (role === 'pipeline') {
    await readLog(file, { call: ({ gives }) => seenPuts.packagerCalled(name, gives) })
    return
  }
  const place = role === 'edge' ? run.edges : role === 'origin' ? run.origin : run.players
  // A sibling sees a request by the same name as its asker's fetch; each edge is a place of its own.
  const keyOf = (id: unknown): string => (role === 'edge' ? `${name} ${mark}${id}` : `${mark}${id}`)
  /** A request that arrives. An edge that was restarted gives its fetches names that it has given before. */
  const arrived = (id: unknown): Seen => {
    const before = place.get(keyOf(id))
    if (before) place.set(`${keyOf(id)} before ${place.size}`, before)
    place.delete(keyOf(id))
    return seen(id)
  }
  const seen = (id: unknown): Seen => {
    const key = keyOf(id)
    const known = place.get(key) ?? {}
    place.set(key, known)
    return known
  }
  const byTicket = new Map<number, Seen>()
  const put = (into: Seen, fields: Seen) => Object.assign(into, JSON.parse(JSON.stringify(fields)))
  await readLog(file, {
    note: line => {
      const number = (field: string) => (typeof line[field] === 'number' ? (line[field] as number) : undefined)
      if (line.note === 'request') {
        const verdict = line.verdict as { reason?: string } | string | undefined
        const reason = typeof verdict === 'object' ? verdict.reason : (line.reason as string | undefined)
        const request = arrived(line.id)
        put(request, { atMs: number('atMs'), ticket: number('ticket'), reason } as Seen)
        if (typeof line.ticket === 'number') byTicket.set(line.ticket, request)
      } else if (line.note === 'sent') {
        const times = { firstByteMs: number('firstByteMs'), lastByteMs: number('lastByteMs'), bytes: number('bytes') }
        put(seen(line.id), times as Seen)
      } else if (line.note === 'body' && line.from === 'the store') {
        put(seen(line.id), { readMs: (number('atMs') ?? 0) - (number('askedMs') ?? 0) })
      } else if (line.note === 'response' && line.failed === undefined) {
        const times = { firstByteMs: number('firstByteMs'), lastByteMs: number('lastByteMs'), bytes: number('bytes') }
        put(seen(line.id), { plannedMs: number('plannedMs'), atMs: number('sentMs'), ...times } as Seen)
      }
    },
    call: ({ call, with: given, gives }, atMs) => {
      if (atMs === undefined) return
      if (role === 'origin') seenPuts.originCalled(call, given[0], atMs)
      const heard = call === 'fetchHead' ? run.fetches.get(`${mark}${name}-f${given[0]}`) : undefined
      if (heard !== undefined) heard.headMs ??= atMs
      for (const effect of effectsOf(gives)) {
        const tickets = effect.do === 'deliver' ? [effect.ticket] : effect.do === 'release' ? effect.tickets : []
        for (const ticket of tickets as number[]) put(byTicket.get(ticket) ?? {}, { releasedMs: atMs })
        if (role !== 'edge' || effect.do !== 'fetch') continue
        const { upstream } = effect.plan as { upstream: { is: string } }
        run.fetches.set(`${mark}${name}-f${effect.fetch}`, { atMs, sibling: upstream.is === 'sibling' })
      }
    },
  })
}
