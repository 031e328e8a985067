import { InvalidArgumentError } from 'commander'
import { parse, YAMLParseError } from 'yaml'
import { presetNames } from '../lab/policies.ts'
import { figureDefinitions } from '../results/figure-definitions.ts'
import { loadScenario, parseScenario } from '../scenarios/load.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { type Setting, withSettings } from '../scenarios/settings.ts'
import { type Latencies, wayNames } from '../sim/calibration.ts'

// What the commands that run a scenario, real or simulated, take alike.

export interface ScenarioFlags {
  readonly players?: number
  readonly seed?: number
  readonly set?: readonly Setting[]
}

/** The scenario `nameOrPath` with what the command line says instead. Throws ScenarioError. */
export function scenarioWith(nameOrPath: string, { players, seed, set = [] }: ScenarioFlags): Scenario {
  const known = { policies: presetNames, figures: figureDefinitions.map(({ name }) => name) }
  const loaded = loadScenario(nameOrPath, known)
  const changed = withSettings(loaded, set)
  // It is checked again as a whole: a name may be gone that something else in it stands on.
  const scenario =
    set.length === 0 ? loaded : parseScenario(JSON.stringify(changed, null, 2), `${nameOrPath} with --set`, known)
  return {
    ...scenario,
    seed: seed ?? scenario.seed,
    fleet: { ...scenario.fleet, players: players ?? scenario.fleet.players },
  }
}

/** An option that can be repeated. */
export const repeated = (one: string, before: string[] = []): string[] => [...before, one]

/** `topology.sites.0.edges=3`: numbers name places in lists; the value is YAML. */
export function setting(text: string, before: readonly Setting[] = []): Setting[] {
  const at = text.indexOf('=')
  const steps = text.slice(0, at).split('.')
  if (at < 1 || steps.includes('')) {
    throw new InvalidArgumentError('a field and its value are wanted, as topology.sites.0.edges=3.')
  }
  try {
    const path = steps.map(step => (/^\d+$/.test(step) ? Number(step) : step))
    return [...before, { path, value: parse(text.slice(at + 1)) as unknown }]
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new InvalidArgumentError(`the value is no YAML: ${error.message.split('\n')[0]}`)
  }
}

/** `edgeOrigin=40`: one way, ms. */
export function latency(text: string, before: Latencies = {}): Latencies {
  const [way = '', ms = ''] = text.split('=', 2)
  const isWay = (wayNames as readonly string[]).includes(way)
  const value = Number(ms)
  if (!isWay || ms === '' || !(value >= 0 && value <= 60_000)) {
    throw new InvalidArgumentError(`a way and its ms are wanted, as edgeOrigin=40; ways are ${wayNames.join(', ')}.`)
  }
  return { ...before, [way]: value }
}
