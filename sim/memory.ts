import { limits } from '../live/limits.ts'
import type { Bytes } from '../live/units.ts'
import type { Scenario } from '../scenarios/schema.ts'

// What an exact simulation will take, before it starts: measured by bench:sim (`bytes_per_player`), with room to spare
// for requests that all players make at once.

const bytesAPlayer = 1_200
const bytesAnEdge = 2_000_000
const bytesOfTheRest = 150_000_000

/** More memory would be needed than a simulation may take. */
export class MemoryError extends Error {}

function estimatedBytes({ fleet, actions, topology }: Scenario): Bytes {
  const players = Math.max(fleet.players, ...actions.map(action => (action.do === 'fleet-size' ? action.players : 0)))
  const edges = topology.sites.reduce((sum, site) => sum + site.edges, 0)
  return bytesOfTheRest + players * bytesAPlayer + edges * bytesAnEdge
}

/** Throws MemoryError where `scenario` needs more than `limitBytes`. */
export function mustFit(scenario: Scenario, limitBytes: Bytes = limits.simulationBytes): void {
  const bytes = estimatedBytes(scenario) as number
  if (bytes <= (limitBytes as number)) return
  const mib = (value: number) => `${Math.ceil(value / (1024 * 1024)).toLocaleString('en')} MiB`
  const most = Math.floor((scenario.fleet.players * (limitBytes as number)) / bytes / 1_000) * 1_000
  throw new MemoryError(
    `simulating ${scenario.fleet.players.toLocaleString('en')} players one by one would take about ${mib(bytes)}, and ` +
      `the limit is ${mib(limitBytes as number)}: simulate about ${most.toLocaleString('en')} players or raise the limit ` +
      '(--memory)',
  )
}
