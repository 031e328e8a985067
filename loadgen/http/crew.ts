import { after, type EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { DecisionLog } from '../../process/decision-log.ts'
import { logged } from '../../process/decision-log.ts'
import { addedSetups, type FleetPlayer, type FleetSource, playerSetups, type Shard } from '../fleet/fleet.ts'
import { Player } from '../player/player.ts'
import type { Cast } from './driven.ts'
import type { Storm } from './storm.ts'

// Who is in the storm: seats the players of one shard shortly before each one's time, so that a large fleet is not held
// in memory before it has come, and makes the fleet larger and smaller while it runs.

/** How far ahead players are made, and how often: each one is there well before its time. */
const aheadMs = 1_000
const everyMs = 250

/** Players that join one after the other, of which the next one is known. */
interface Queue {
  readonly setups: Iterator<FleetPlayer>
  next: FleetPlayer | undefined
}

export class Crew {
  readonly #source: FleetSource
  readonly #shard: Shard
  readonly #storm: Storm
  readonly #log: DecisionLog | undefined
  readonly #logPlayers: number
  #queues: Queue[]
  #players: number
  #timer: NodeJS.Timeout | undefined

  /** @param logged calls of players with a lower index are written to `log` */
  constructor(source: FleetSource, shard: Shard, storm: Storm, log?: DecisionLog, loggedPlayers = 0) {
    this.#source = source
    this.#shard = shard
    this.#storm = storm
    this.#log = log
    this.#logPlayers = loggedPlayers
    this.#players = source.fleet.players
    this.#queues = [begin(playerSetups(source, shard))]
  }

  /** How many players the whole fleet has, all shards together. */
  get players(): number {
    return this.#players
  }

  start(): void {
    this.#seatThoseDue()
    this.#timer ??= setInterval(() => this.#seatThoseDue(), everyMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#queues = []
  }

  /**
   * The whole fleet shall have `players` players. Those with the highest indices leave; those that are added come as
   * the first ones came, by the same arrivals, counted from now.
   */
  resize(players: number): void {
    const before = this.#players
    this.#players = players
    for (let index = players; index < before; index++) this.#storm.dismiss(index)
    if (players <= before) return
    const source = { ...this.#source, fleet: { ...this.#source.fleet, players: before } }
    this.#queues.push(begin(addedSetups(source, players, now(), this.#shard)))
    this.#seatThoseDue()
  }

  #seatThoseDue(): void {
    const untilMs: EpochMs = after(now(), aheadMs)
    for (const queue of this.#queues) {
      while (queue.next !== undefined && queue.next.joinMs <= untilMs) {
        const { index } = queue.next
        if (index < this.#players && !this.#storm.has(index)) this.#storm.add(this.#castOf(queue.next))
        advance(queue)
      }
    }
    this.#queues = this.#queues.filter(({ next }) => next !== undefined)
  }

  #castOf(setup: FleetPlayer): Cast {
    const { index, joinMs, siteFraction, edgeFraction } = setup
    const player = new Player(setup)
    const log = this.#log
    if (log !== undefined && index < this.#logPlayers) {
      log.write({ note: 'player', player: index, setup })
      logged(player, ['wake', 'responded', 'leaveNow'], {
        write: entry => log.write({ player: index, ...entry }),
        close: async () => {},
      })
    }
    return { player, index, joinMs, siteFraction, edgeFraction }
  }
}

function begin(setups: Iterator<FleetPlayer>): Queue {
  const queue: Queue = { setups, next: undefined }
  advance(queue)
  return queue
}

function advance(queue: Queue): void {
  const { done, value } = queue.setups.next()
  queue.next = done ? undefined : value
}
