import type { SideReading } from '../../lab/duel-readings.ts'
import { behavioursOf } from './behaviours.ts'
import { type Counts, emptyFlow, flowOf, grown, since } from './flow.ts'
import type { Flow, Rates, SideUpdate } from './update.ts'

// One side as the page shows it, from readings of its processes: what happened since the reading before, how much that is
// a second, and how long viewers waited of late. Counts of a process that came back begin at 0 again.

/** Rates look back one segment, so that they do not beat with the bursts in which segments are asked for. */
const ratesOverMs = 2_000
/** Waits look back further: a percentile needs some. */
const waitsOverMs = 6_000

interface Moment {
  readonly atMs: number
  readonly flow: Flow
  readonly origin: number
  /** Waits that ended, by bucket. */
  readonly waits: readonly number[]
}

export class SideHistory {
  readonly #moments: Moment[] = []
  readonly #edgesBefore = new Map<string, Counts>()
  #fleetBefore: Counts = {}
  #waitsBefore: readonly number[] | undefined
  #originBefore: number | undefined
  #totals = emptyTotals()
  #last: Pick<SideUpdate, 'policy' | 'preset' | 'on'> = { policy: '', preset: '', on: [] }
  #players = { wanted: 0, present: 0 }

  /** Everything counts from 0 again. */
  reset(): void {
    this.#totals = emptyTotals()
  }

  /** Takes in a reading; gives the side as it stands. `presetOn`: what each preset has on. */
  take(reading: SideReading, atMs: number, presetOn: Readonly<Record<string, readonly string[]>>): SideUpdate {
    const moment = this.#momentOf(reading, atMs)
    this.#moments.push(moment)
    while ((this.#moments[0]?.atMs ?? atMs) < atMs - waitsOverMs) this.#moments.shift()
    this.#learnPolicy(reading, presetOn)
    if (reading.fleet) this.#players = { wanted: reading.fleet.players, present: reading.fleet.present }
    const { edges, traffic } = reading
    return {
      ...this.#last,
      players: this.#players,
      flow: moment.flow,
      rates: this.#rates(atMs),
      ...underWay(edges),
      held: traffic.held,
      waitMs: this.#waits(reading.fleet?.waits.boundsMs ?? []),
      totals: { ...this.#totals },
      edges: edges.map(({ edge, state }) => ({ edge, alive: state !== undefined })),
    }
  }

  #momentOf({ edges, fleet, traffic }: SideReading, atMs: number): Moment {
    const flow = edges.reduce((sum, { edge, state }) => {
      if (!state) return sum
      const change = since(this.#edgesBefore.get(edge), state.counts)
      this.#edgesBefore.set(edge, state.counts)
      return added(sum, flowOf(change))
    }, emptyFlow)
    const origin = grown(this.#originBefore, traffic.requests)
    this.#originBefore = traffic.requests
    if (fleet) {
      const change = since(this.#fleetBefore, fleet.counts)
      this.#fleetBefore = fleet.counts
      addTotals(this.#totals, change)
    }
    this.#totals.origin += origin
    const before = this.#waitsBefore
    const waits = fleet ? fleet.waits.counts.map((count, i) => grown(before?.[i], count)) : []
    if (fleet) this.#waitsBefore = fleet.waits.counts
    return { atMs, flow, origin, waits }
  }

  #learnPolicy({ edges }: SideReading, presetOn: Readonly<Record<string, readonly string[]>>): void {
    const policy = edges.find(({ state }) => state)?.state?.policy
    if (!policy) return
    const on = behavioursOf(policy)
    const preset = policy.name
    const changed = presetOn[preset]?.join() !== on.join()
    this.#last = { policy: changed ? `${preset}, changed` : preset, preset, on }
  }

  #rates(atMs: number): Rates {
    const recent = this.#moments.filter(moment => moment.atMs > atMs - ratesOverMs)
    const [first] = this.#moments
    const lookedBackMs = Math.max(200, Math.min(ratesOverMs, atMs - (first?.atMs ?? atMs)))
    const aSecond = (count: number): number => Math.round((count * 10_000) / lookedBackMs) / 10
    const sum = recent.reduce((total, { flow }) => added(total, flow), emptyFlow)
    const flow = Object.fromEntries(
      Object.entries(sum).map(([name, count]) => [name, aSecond(count)]),
    ) as unknown as Flow
    return { ...flow, origin: aSecond(recent.reduce((total, { origin }) => total + origin, 0)) }
  }

  #waits(boundsMs: readonly number[]): SideUpdate['waitMs'] {
    const counts: number[] = []
    for (const { waits } of this.#moments) {
      for (const [i, count] of waits.entries()) counts[i] = (counts[i] ?? 0) + count
    }
    const p50 = quantileOf(counts, boundsMs, 0.5)
    const p99 = quantileOf(counts, boundsMs, 0.99)
    return p50 === undefined || p99 === undefined ? undefined : { p50, p99 }
  }
}

/**
 * The wait that a share of all did not exceed, by linear interpolation within its bucket, as Prometheus does; undefined
 * where there was none. What lies beyond the last bound counts as that bound.
 */
export function quantileOf(counts: readonly number[], boundsMs: readonly number[], share: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all === 0) return undefined
  let below = 0
  for (const [i, count] of counts.entries()) {
    const high = boundsMs[i]
    if (high === undefined) break
    const low = boundsMs[i - 1] ?? 0
    if (count > 0 && below + count >= share * all) {
      return Math.round((low + ((share * all - below) / count) * (high - low)) * 10) / 10
    }
    below += count
  }
  return boundsMs.at(-1)
}

/** Each fetch has one asker that it was begun for; whoever waits beside that has joined. */
function underWay(edges: SideReading['edges']): { fetching: number; joined: number } {
  const states = edges.flatMap(({ state }) => state ?? [])
  const fetching = states.reduce((sum, { fetches }) => sum + fetches, 0)
  return { fetching, joined: states.reduce((sum, { waiting, fetches }) => sum + Math.max(0, waiting - fetches), 0) }
}

const added = (a: Flow, b: Flow): Flow => ({
  asked: a.asked + b.asked,
  hits: a.hits + b.hits,
  negative: a.negative + b.negative,
  collapsed: a.collapsed + b.collapsed,
  fills: a.fills + b.fills,
  refused: a.refused + b.refused,
})

const emptyTotals = () => ({ requests: 0, origin: 0, stops: 0, early404: 0, wrongBodies: 0, failures: 0 })

function addTotals(totals: ReturnType<typeof emptyTotals>, change: Counts): void {
  totals.requests += change.requests ?? 0
  totals.stops += change.rebuffers ?? 0
  totals.early404 += change.early_404_seen ?? 0
  totals.wrongBodies += change.wrong_bodies ?? 0
  for (const [name, count] of Object.entries(change)) if (name.startsWith('failures.')) totals.failures += count
}
