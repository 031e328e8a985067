import type { StorageAction } from '../scenarios/storage-action.ts'
import type { ActedUpon, Acting } from './actions.ts'

// Actions upon origins, regions and what keeps their segments. Each of them lasts: what it has broken is whole again when
// it has ended, and what the end of the storm cuts short is made whole then (World.makeWhole).

/** Carries out `action`, from its instant to its end. */
export async function carryOutOnStorage(action: StorageAction, world: ActedUpon, acting: Acting): Promise<void> {
  const { storage, origins } = world
  const { signal, took, later } = acting
  const region = 'region' in action ? (action.region ?? world.regions[0]) : world.regions[0]
  const home = region as string
  switch (action.do) {
    case 'origin-slow':
      return faults(world, acting, action.forMs, { slowMs: action.ms }, { slowMs: 0 })
    case 'origin-down':
      return faults(world, acting, action.forMs, { down: true }, { down: false })
    case 'store-slow':
      return faults(world, acting, action.forMs, { storeSlowMs: action.ms }, { storeSlowMs: 0 }, action.region)
    case 'store-fails':
      return faults(world, acting, action.forMs, { storeFails: true }, { storeFails: false })
    case 'kill-origin':
      await origins.kill(home)
      took({ region: home })
      await later(action.downMs)
      await origins.revive(home, signal)
      return took({ do: 'revive-origin', region: home })
    case 'lose-region':
      await Promise.all([origins.kill(home), storage.loseDataCentre(home)])
      took()
      if (action.forMs === undefined) return
      await later(action.forMs)
      await storage.restoreDataCentre(home)
      await origins.revive(home, signal)
      return took({ do: 'restore-region', region: home })
    case 'kill-node': {
      const node = action.node ?? 1
      took({ region: home, node: await storage.killNode(home, node) })
      if (action.downMs === undefined) return
      await later(action.downMs)
      await storage.reviveNode(home, node)
      return took({ do: 'revive-node', region: home })
    }
    case 'kill-cache':
      await storage.killCaches(action.server)
      took()
      if (action.downMs === undefined) return
      await later(action.downMs)
      await storage.reviveCaches(action.server)
      return took({ do: 'revive-cache' })
  }
}

/** Sets fault switches of every living origin, of one region or of all, and puts them back. */
async function faults(
  { origins }: ActedUpon,
  { took, later }: Acting,
  forMs: number,
  begin: object,
  end: object,
  region?: string,
): Promise<void> {
  await Promise.all(origins.living(region).map(origin => origin.post('/faults', begin)))
  took()
  await later(forMs)
  await Promise.all(origins.living(region).map(origin => origin.post('/faults', end)))
}
