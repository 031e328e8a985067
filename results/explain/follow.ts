import { ExplainError } from './explain-error.ts'
import type { VariantLogs } from './logs.ts'
import type { SeenFetch, SeenRequest } from './place.ts'

// One request from player to store and back: what each place that it passed noted of it, in the order of time.

export interface Step {
  readonly atMs: number
  /** `player`, an edge's name, or the origin's. */
  readonly where: string
  readonly what: string
}

/** How many places a chain may have: player, edge, sibling, origin, and each edge's second try. */
const longestChain = 16

/** The timeline of the request `id`, a player's or an edge's. Throws ExplainError when no log has it. */
export function follow(logs: VariantLogs, id: string): Step[] {
  const steps: Step[] = []
  const note = logs.players.find(player => player.id === id)
  if (note) {
    steps.push({ atMs: note.plannedMs, where: 'player', what: `means to ask for ${note.path}` })
    if (note.sentMs !== null) steps.push({ atMs: note.sentMs, where: 'player', what: `sends ${id} to ${note.target}` })
    if (note.firstByteMs && note.status) {
      steps.push({ atMs: note.firstByteMs, where: 'player', what: `gets the first byte of ${note.status}` })
    }
    const end = note.failed ? `gives up: ${note.failed}` : `has the last byte, ${note.bytes ?? 0} bytes in all`
    steps.push({ atMs: note.lastByteMs, where: 'player', what: end })
  }
  const walk = new Walk(logs, steps)
  walk.request(id, note?.sentMs ?? undefined)
  if (steps.length === 0) {
    const example = logs.players.at(0)?.id ?? logs.requests.at(0)?.id
    throw new ExplainError(`no log has a request ${id}${example ? `; there is ${example}, for one` : ''}`)
  }
  return steps.sort((a, b) => a.atMs - b.atMs)
}

class Walk {
  readonly #logs: VariantLogs
  readonly #steps: Step[]
  readonly #seen = new Set<string>()

  constructor(logs: VariantLogs, steps: Step[]) {
    this.#logs = logs
    this.#steps = steps
  }

  /** Where the request of this name arrived, and everything behind it. */
  request(id: string, sentMs: number | undefined): void {
    if (this.#seen.size > longestChain || this.#seen.has(`request ${id}`)) return
    this.#seen.add(`request ${id}`)
    const found = this.#logs.requests.filter(one => one.id === id && (sentMs === undefined || one.atMs >= sentMs - 1))
    const [request] = found
    if (request === undefined) return
    this.#arrival(request)
    for (const fetch of this.#fetchesFor(request)) this.#fetch(fetch)
    this.#departure(request)
  }

  #arrival(request: SeenRequest): void {
    const decided = `${request.verdict ?? 'waits'}${request.reason ? ` (${request.reason})` : ''}`
    const waitsFor = request.fetch === undefined ? '' : `, fetch ${request.place}-f${request.fetch}`
    this.#step(request.atMs, request.place, `${request.id} arrives: ${decided}${waitsFor}`)
  }

  #departure(request: SeenRequest): void {
    const { answered, body, sent, place } = request
    if (body) {
      const took = body.atMs - body.askedMs
      const what = `${body.bytes} bytes of pipeline ${body.pipeline} from ${body.from}`
      this.#step(body.atMs, place, took < 0.005 ? `has ${what}` : `has ${what} after ${took.toFixed(2)} ms`)
    }
    if (answered) this.#step(answered.atMs, place, `answers ${request.id} (${answered.reason})`)
    if (sent?.firstByteMs !== undefined) this.#step(sent.firstByteMs, place, `sends the first byte of ${sent.status}`)
    if (sent) {
      const end = sent.cut
        ? `the connection of ${request.id} ends early`
        : `has sent ${sent.bytes} bytes to ${request.id}`
      this.#step(sent.lastByteMs, place, `${end}`)
    }
  }

  /** The fetch that a request waited for, and those of the same key that took its place while it waited. */
  #fetchesFor(request: SeenRequest): SeenFetch[] {
    if (request.fetch === undefined) return []
    const own = (fetch: SeenFetch) => fetch.place === request.place && fetch.life === request.life
    const waitedFor = this.#logs.fetches.find(fetch => own(fetch) && fetch.id === `${request.place}-f${request.fetch}`)
    if (waitedFor === undefined) return []
    const untilMs = request.answered?.atMs ?? request.sent?.lastByteMs ?? Infinity
    const later = this.#logs.fetches.filter(
      fetch => own(fetch) && fetch.key === waitedFor.key && fetch.atMs > waitedFor.atMs && fetch.atMs <= untilMs,
    )
    return [waitedFor, ...later]
  }

  #fetch(fetch: SeenFetch): void {
    if (this.#seen.has(`fetch ${fetch.id}`)) return
    this.#seen.add(`fetch ${fetch.id}`)
    this.#step(fetch.atMs, fetch.place, `asks ${fetch.upstream} as ${fetch.id} (${fetch.reason})`)
    this.request(fetch.id, fetch.atMs)
    if (fetch.head) this.#step(fetch.head.atMs, fetch.place, `has the head of ${fetch.id}: ${fetch.head.status}`)
    if (fetch.ended) this.#step(fetch.ended.atMs, fetch.place, `${fetch.id} ${fetch.ended.how}`)
  }

  #step(atMs: number, where: string, what: string): void {
    this.#steps.push({ atMs, where, what })
  }
}
