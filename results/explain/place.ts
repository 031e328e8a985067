import { type CallLine, effectsOf, type LoggedEffect, type NoteLine } from './read-log.ts'

// What one process's decision log says of requests and fetches.

/** A request as one place (an edge, the origin) saw it. */
export interface SeenRequest {
  readonly id: string
  /** The process that saw it, and the number of its life: a restarted edge gives the same names again. */
  readonly place: string
  readonly life: number
  readonly path: string
  readonly atMs: number
  /** Who asked the origin. */
  readonly edge?: string | undefined
  readonly site?: string | undefined
  readonly ticket?: number | undefined
  /** What was decided at its arrival. */
  readonly verdict?: string | undefined
  readonly reason?: string | undefined
  /** The fetch that it joined or began, at an edge. */
  readonly fetch?: number | undefined
  readonly key?: string | undefined
  answered?: { readonly atMs: number; readonly reason: string } | undefined
  /** At the origin: where the body came from. */
  body?: BodyNote | undefined
  sent?: SentNote | undefined
}

interface BodyNote {
  readonly from: string
  readonly pipeline: string
  readonly bytes: number
  readonly askedMs: number
  readonly atMs: number
}

interface SentNote {
  readonly status: number
  readonly firstByteMs?: number | undefined
  readonly lastByteMs: number
  readonly bytes: number
  readonly cut?: boolean | undefined
}

/** A request upstream that an edge's core ordered. */
export interface SeenFetch {
  readonly id: string
  readonly place: string
  readonly life: number
  readonly key: string
  readonly atMs: number
  readonly reason: string
  /** `origin`, with its region where that is known, or the sibling's name. */
  readonly upstream: string
  head?: { readonly atMs: number; readonly status: number } | undefined
  ended?: { readonly atMs: number; readonly how: string } | undefined
}

/** Takes in the lines of one process, in their order. */
export class Place {
  readonly requests: SeenRequest[] = []
  readonly fetches = new Map<number, SeenFetch>()
  readonly #name: string
  readonly #life: number
  readonly #byTicket = new Map<number, SeenRequest>()
  readonly #open = new Map<string, SeenRequest>()
  #lastAsk: CallLine | undefined

  constructor(name: string, life: number) {
    this.#name = name
    this.#life = life
  }

  call(line: CallLine, atMs: number | undefined): void {
    // The note of a request comes right behind the call that decided about it.
    this.#lastAsk = line.call === 'ask' || line.call === 'admit' ? line : undefined
    if (atMs === undefined) return
    if (line.call === 'fetchHead') this.#head(line, atMs)
    if (line.call === 'fetchEnd') this.#end(line, atMs, 'is complete')
    if (line.call === 'fetchFailed') this.#end(line, atMs, `fails: ${String(line.with[1])}`)
    for (const effect of effectsOf(line.gives)) this.#effect(effect, atMs)
  }

  note(line: NoteLine): void {
    if (line.note === 'request') this.#request(line)
    if (line.note === 'body') {
      const request = this.#open.get(String(line.id))
      if (request) request.body = line as unknown as BodyNote
    }
    if (line.note === 'sent') {
      const request = this.#open.get(String(line.id))
      if (request) request.sent = line as unknown as SentNote
      this.#open.delete(String(line.id))
    }
  }

  #request(line: NoteLine): void {
    const decided = { ...decisionOf(this.#lastAsk), ...notedVerdict(line) }
    const request: SeenRequest = {
      id: String(line.id),
      place: this.#name,
      life: this.#life,
      path: String(line.path),
      atMs: Number(line.atMs),
      edge: optionalText(line.edge),
      site: optionalText(line.site),
      ticket: typeof line.ticket === 'number' ? line.ticket : undefined,
      verdict: decided.verdict,
      reason: decided.reason,
      fetch: decided.fetch,
      key: decided.key,
    }
    this.requests.push(request)
    this.#open.set(request.id, request)
    if (request.ticket !== undefined) this.#byTicket.set(request.ticket, request)
  }

  #effect(effect: LoggedEffect, atMs: number): void {
    switch (effect.do) {
      case 'fetch': {
        const fetch = Number(effect.fetch)
        const plan = effect.plan as { reason: string; upstream: LoggedUpstream }
        this.fetches.set(fetch, {
          id: `${this.#name}-f${fetch}`,
          place: this.#name,
          life: this.#life,
          key: String(effect.key),
          atMs,
          reason: plan.reason,
          upstream: upstreamName(plan.upstream),
        })
        return
      }
      case 'deliver':
        this.#answered(Number(effect.ticket), atMs, String(effect.reason))
        return
      case 'answer':
        this.#answered(Number(effect.ticket), atMs, (effect.answer as { reason: string }).reason)
        return
      case 'release':
        for (const ticket of effect.tickets as number[]) {
          this.#answered(ticket, atMs, (effect.verdict as { reason: string }).reason)
        }
    }
  }

  #answered(ticket: number, atMs: number, reason: string): void {
    const request = this.#byTicket.get(ticket)
    if (request) request.answered = { atMs, reason }
    this.#byTicket.delete(ticket)
  }

  #head(line: CallLine, atMs: number): void {
    const fetch = this.fetches.get(Number(line.with[0]))
    if (fetch) fetch.head = { atMs, status: (line.with[1] as { status: number }).status }
  }

  #end(line: CallLine, atMs: number, how: string): void {
    const fetch = this.fetches.get(Number(line.with[0]))
    if (fetch) fetch.ended = { atMs, how }
  }
}

interface LoggedUpstream {
  readonly is: string
  readonly edge?: string
  readonly region?: string
}

/** `a2`, `origin`, `origin of eu`. */
const upstreamName = ({ is, edge, region }: LoggedUpstream): string =>
  edge ?? (region === undefined ? is : `${is} of ${region}`)

const optionalText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Where nobody waits, the note itself has the verdict: an edge's as words, the origin's as an object. */
function notedVerdict({ verdict, reason }: NoteLine): Decision {
  if (typeof verdict === 'string') return { verdict, reason: String(reason) }
  if (typeof verdict !== 'object' || verdict === null) return {}
  const noted = verdict as { do: string; reason: string }
  return { verdict: noted.do, reason: noted.reason }
}

interface Decision {
  readonly verdict?: string
  readonly reason?: string
  readonly fetch?: number
  readonly key?: string
}

/** What the call that decided about a request decided; the fetch that the asker waits for, where it waits for one. */
function decisionOf(line: CallLine | undefined): Decision {
  const verdict = (
    line?.gives as { verdict?: { do: string; reason: string; fetch?: number; key?: string } } | undefined
  )?.verdict
  if (verdict === undefined) return {}
  const started = effectsOf(line?.gives).find(effect => effect.do === 'fetch')?.fetch
  const fetch = verdict.fetch ?? (typeof started === 'number' ? started : undefined)
  return {
    verdict: verdict.do,
    reason: verdict.reason,
    ...(fetch === undefined ? {} : { fetch }),
    ...(verdict.key === undefined ? {} : { key: verdict.key }),
  }
}
