import { limits } from '../../live/limits.ts'
import { unitFraction } from '../../live/random.ts'
import { after, type EpochMs } from '../../live/units.ts'
import type { Cast, Driven, DrivenOutput } from './driven.ts'
import type { Lane } from './replay-log.ts'

// One client of a recorded log in a player's place: it sends what was recorded when it was recorded, whatever the
// answers are.

class Replayer implements Driven {
  readonly #lane: Lane
  readonly #startMs: EpochMs
  readonly #speed: number
  #next = 0
  #inFlight = 0
  #left = false

  constructor(lane: Lane, startMs: EpochMs, speed: number) {
    this.#lane = lane
    this.#startMs = startMs
    this.#speed = speed
  }

  nextWakeMs(): EpochMs | undefined {
    return this.#left ? undefined : this.#plannedMs()
  }

  wake(now: EpochMs): DrivenOutput[] {
    const out: DrivenOutput[] = this.#next === 0 ? [{ do: 'note', note: 'joined' }] : []
    for (let plannedMs = this.#plannedMs(); plannedMs <= now; plannedMs = this.#plannedMs()) {
      const recorded = this.#lane.requests[this.#next++]
      if (recorded === undefined) break
      const { method, path, address } = recorded
      const firstByteByMs = after(plannedMs, limits.playerPatienceMs)
      this.#inFlight++
      out.push({ do: 'recorded-request', request: this.#next, method, path, address, plannedMs, firstByteByMs })
    }
    return out
  }

  responded(): DrivenOutput[] {
    this.#inFlight--
    if (this.#inFlight > 0 || this.#next < this.#lane.requests.length) return []
    this.#left = true
    return [{ do: 'note', note: 'left' }]
  }

  leaveNow(): DrivenOutput[] {
    const came = this.#next > 0 && !this.#left
    this.#left = true
    return came ? [{ do: 'note', note: 'left' }] : []
  }

  #plannedMs(): EpochMs {
    const recorded = this.#lane.requests[this.#next]
    return recorded === undefined ? Infinity : after(this.#startMs, (recorded.atMs as number) / this.#speed)
  }
}

/** A lane as the driver seats it; `seed` decides which edge it asks. */
export function replayCast(lane: Lane, startMs: EpochMs, speed: number, seed: number): Cast {
  const player = new Replayer(lane, startMs, speed)
  return {
    player,
    index: lane.index,
    joinMs: player.nextWakeMs() ?? startMs,
    siteFraction: unitFraction(seed, `replay/${lane.index}/site`),
    edgeFraction: unitFraction(seed, `replay/${lane.index}/edge`),
  }
}
