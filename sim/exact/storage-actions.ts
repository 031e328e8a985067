import { after, type EpochMs } from '../../live/units.ts'
import type { OriginFaults } from '../../origin/core/verdict.ts'
import type { StorageAction } from '../../scenarios/storage-action.ts'
import type { SimStoreFaults } from './origin-store.ts'
import type { ExactWorld } from './world.ts'

// Actions upon origins, regions and what keeps their segments, in virtual time: as lab/storage-actions.ts. What an action
// breaks is whole again when it has ended.

type Took = (at: EpochMs, detail?: Record<string, unknown>) => void

export function carryOutOnStorage(world: ExactWorld, action: StorageAction, now: EpochMs, took: Took): void {
  const { storage, agenda } = world
  const region = 'region' in action ? action.region : undefined
  const home = region ?? (world.plan.scenario.topology.regions[0] as string)
  const later = (ms: number | undefined, then: (at: EpochMs) => void) => {
    if (ms !== undefined) agenda.at(after(now, ms), then)
  }
  switch (action.do) {
    case 'origin-slow':
      setFaults(world, now, action.forMs, [{ slowMs: action.ms }, { slowMs: 0 }])
      took(now)
      break
    case 'origin-down':
      setFaults(world, now, action.forMs, [{ down: true }, { down: false }])
      took(now)
      break
    case 'store-slow':
      setStoreFaults(world, now, action.forMs, [{ slowMs: action.ms }, { slowMs: 0 }], region)
      took(now)
      break
    case 'store-fails':
      setStoreFaults(world, now, action.forMs, [{ fails: true }, { fails: false }])
      took(now)
      break
    case 'kill-origin':
      world.killOrigins(home, now)
      took(now, { region: home })
      later(action.downMs, at => {
        world.reviveOrigins(home, at, backMs => took(backMs, { do: 'revive-origin', region: home }))
      })
      break
    case 'lose-region':
      world.killOrigins(home, now)
      storage.loseDataCentre(home)
      took(now)
      later(action.forMs, at => {
        storage.restoreDataCentre(home)
        world.reviveOrigins(home, at, backMs => took(backMs, { do: 'restore-region', region: home }))
      })
      break
    case 'kill-node':
      took(now, { region: home, node: storage.killNode(home, action.node ?? 1) })
      later(action.downMs, at => {
        storage.reviveNode(home, action.node ?? 1)
        took(at, { do: 'revive-node', region: home })
      })
      break
    case 'kill-cache':
      storage.killCaches(action.server)
      took(now)
      later(action.downMs, at => {
        storage.reviveCaches(action.server)
        took(at, { do: 'revive-cache' })
      })
  }
}

type Switches<Faults> = readonly [begin: Partial<Faults>, end: Partial<Faults>]

/** Fault switches of every living origin, which are put back later. */
function setFaults(world: ExactWorld, now: EpochMs, forMs: number, [begin, end]: Switches<OriginFaults>): void {
  world.setFaults(begin, now)
  world.agenda.at(after(now, forMs), at => world.setFaults(end, at))
}

function setStoreFaults(
  world: ExactWorld,
  now: EpochMs,
  forMs: number,
  [begin, end]: Switches<SimStoreFaults>,
  region?: string,
): void {
  const set = (faults: Partial<SimStoreFaults>) => {
    for (const origin of world.origins.living(region)) origin.store.setFaults(faults)
  }
  set(begin)
  world.agenda.at(after(now, forMs), () => set(end))
}
