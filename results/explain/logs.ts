import { join } from 'node:path'
import type { Variant } from '../record/record.ts'
import { Place, type SeenFetch, type SeenRequest } from './place.ts'
import { readLog } from './read-log.ts'

// What the decision logs of a variant say, gathered by request and fetch, so that one can be followed from place to
// place by its name.

/** How a request ended for a player, as the fleet noted it. */
export interface PlayerNote {
  readonly id: string
  readonly path: string
  readonly target: string
  readonly plannedMs: number
  readonly sentMs: number | null
  readonly firstByteMs?: number | null | undefined
  readonly lastByteMs: number
  readonly status?: number | undefined
  readonly failed?: string | undefined
  readonly bytes?: number | undefined
}

export interface VariantLogs {
  readonly requests: readonly SeenRequest[]
  readonly fetches: readonly SeenFetch[]
  readonly players: readonly PlayerNote[]
  /** Processes whose log ends before the run does, or leaves things out. */
  readonly incomplete: readonly string[]
}

/** Reads every log of `variant` that a request passes; `folder` is the record's. Throws ExplainError. */
export async function readVariantLogs(
  folder: string,
  variant: Pick<Variant, 'logs' | 'actions'>,
): Promise<VariantLogs> {
  const requests: SeenRequest[] = []
  const fetches: SeenFetch[] = []
  const players: PlayerNote[] = []
  const incomplete: string[] = []
  const lives = new Map<string, number>()
  for (const { role, name, file } of variant.logs) {
    if (role === 'pipeline') continue
    const life = (lives.get(name) ?? 0) + 1
    lives.set(name, life)
    const place = new Place(name, life)
    const complete = await readLog(join(folder, file), {
      call: (line, atMs) => place.call(line, atMs),
      note: line => {
        if (line.note === 'response') players.push(line as unknown as PlayerNote)
        else place.note(line)
      },
    })
    if (!complete || (life === 1 && wasKilled(variant, role, name)))
      incomplete.push(life > 1 ? `${name} (after its restart)` : name)
    requests.push(...place.requests)
    fetches.push(...place.fetches.values())
  }
  return { requests, fetches, players, incomplete }
}

/** Whether the lab ended this process without warning: what it had not written by then is lost. */
const wasKilled = ({ actions }: Pick<Variant, 'actions'>, role: string, name: string): boolean =>
  actions.some(({ action }) => {
    if (action.do === 'kill-edge' || action.do === 'restart-edge') return action.edge === name
    const isOrigins = action.do === 'kill-origin' || action.do === 'lose-region'
    return isOrigins && role === 'origin' && isOfRegion(name, String(action.region))
  })

/** An origin is named after its region where there are several: `origin-us`, `origin-us-publish`, or `origin-publish`. */
function isOfRegion(origin: string, region: string): boolean {
  const named = origin.replace(/^origin-?/, '').replace(/-?(publish|delivery)$/, '')
  return named === '' || named === region
}
