import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { commitNow, environmentNow } from '../../lab/environment.ts'
import { eventOf } from '../../lab/event-of.ts'
import { type NamedPolicy, parsePolicy } from '../../lab/policies.ts'
import type { OnProgress } from '../../lab/progress.ts'
import { auditPart } from '../../lab/storage/audit.ts'
import { auditSimulated } from '../../lab/storage/audit-simulated.ts'
import type { Ms } from '../../live/units.ts'
import { checkFigure } from '../../results/checks.ts'
import { type RunRecord, recordSchemaName, type Variant } from '../../results/record/record.ts'
import { scenarioHash } from '../../scenarios/load.ts'
import { everyPolicy } from '../../scenarios/references.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { type Calibration, calibrationId } from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import { placedFor } from '../exact/beginning.ts'
import { bornMs, type Simulated, Simulation, type Slice } from '../exact/simulate.ts'
import { figuresOfSimulated } from '../figures-of-simulated.ts'
import { exactLeavesOut } from '../leaves-out.ts'
import { mustFit } from '../memory.ts'
import { prepareEngine } from './engine.ts'
import { mediaOf } from './media-of.ts'

// A scenario in virtual time: one variant for each policy, in turn, and the record of all of them, as lab/run.ts makes it
// of processes. Nothing in the record but its environment depends on the machine or the hour.

export interface SimulateOptions {
  readonly policies?: readonly string[] | undefined
  readonly calibration?: Calibration | undefined
  readonly memoryBytes?: number | undefined
  /**
   * For how long the event has been on when the storm begins, as a twin of a real run has it: a multiple of the segment's
   * length. Absent: as long as its backlog lasts, and what an origin needs.
   */
  readonly stormAtMs?: Ms | undefined
  /** Where the run's folder is made; `results/runs` when absent; null: nothing is written. */
  readonly out?: string | null | undefined
  readonly command?: string | undefined
  readonly onProgress?: OnProgress | undefined
  /** Ends the run early; what was simulated by then is kept, marked as partial. */
  readonly signal?: AbortSignal | undefined
}

export interface SimulateOutcome {
  readonly record: RunRecord
  /** Absent where nothing was written. */
  readonly recordFile?: string | undefined
  readonly remarks: readonly string[]
}

const runsFolder = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'results', 'runs')

/** Simulates `scenario`. Throws ConfigurationError for a policy that does not exist and MemoryError for too large a fleet. */
export async function simulateScenario(scenario: Scenario, options: SimulateOptions = {}): Promise<SimulateOutcome> {
  const { signal } = options
  const { calibration, remarks } = withStores(options.calibration ?? defaultCalibration, scenario)
  const policies = (options.policies ?? scenario.policies).map(parsePolicy)
  mustFit(scenario, options.memoryBytes)
  prepareEngine()
  const startedAt = new Date()
  const variants: Variant[] = []
  let partial = false
  for (const [index, policy] of policies.entries()) {
    if (signal?.aborted) break
    const tell = (doing: string, done: number) =>
      options.onProgress?.({ variant: policy.name, index, of: policies.length, doing, done })
    const simulated = await simulateVariant(scenario, policy, calibration, { ...options, tell })
    variants.push(variantOf(scenario, policy, simulated))
    partial ||= simulated.partial
  }
  const record: RunRecord = {
    schema: recordSchemaName,
    world: 'simulated',
    partial: partial || variants.length < policies.length,
    scenario: { name: scenario.name, shows: scenario.shows, sha256: scenarioHash(scenario) },
    seed: scenario.seed,
    commit: commitNow(),
    variants,
    simulation: {
      mode: 'exact',
      calibration: { id: calibrationId(calibration), origin: calibration.origin },
      leavesOut: [...exactLeavesOut(scenario)],
    },
    environment: environmentNow(startedAt, options.command ?? `tidegate sim ${scenario.name}`),
  }
  const recordFile = options.out === null ? undefined : write(record, scenario, startedAt, options.out)
  return { record, recordFile, remarks }
}

/** `calibration`, with assumed times of what `scenario` stores in where it has measured none. */
function withStores(given: Calibration, { store }: Scenario): { calibration: Calibration; remarks: string[] } {
  const wanted = [store.is, ...(store.memcached ? ['memcached'] : [])]
  const absent = wanted.filter(name => given.stores[name] === undefined)
  const stores = { ...defaultCalibration.stores, ...given.stores }
  const remarks = absent.map(name => `the calibration has no times of ${name}: those of the repository are assumed`)
  return { calibration: absent.length === 0 ? given : { ...given, stores }, remarks }
}

async function simulateVariant(
  scenario: Scenario,
  { policy }: NamedPolicy,
  calibration: Calibration,
  { signal, stormAtMs, tell }: SimulateOptions & { readonly tell: (doing: string, done: number) => void },
): Promise<Simulated> {
  const placed = eventOf(scenario, bornMs)
  const begins = stormAtMs === undefined ? { event: placed } : placedFor(placed, bornMs, stormAtMs)
  const plan = { scenario, policy, ...begins, media: mediaOf(begins.event), calibration, bornMs }
  const simulation = new Simulation(plan)
  const pace = new Pace()
  for (let slice = simulation.slice(); slice !== undefined; slice = simulation.slice()) {
    if (pace.isDue()) {
      tell(pace.words(slice), (slice.doneMs as number) / (slice.ofMs as number))
      await breathe()
    }
    if (signal?.aborted) break
  }
  const simulated = simulation.finish()
  if (simulated.partial) return simulated
  const audited = await auditSimulated(simulation.world)
  return { ...simulated, parts: [...simulated.parts, auditPart(audited)] }
}

/** How fast it goes, for people. */
class Pace {
  readonly #beganMs = performance.now()
  #saidMs = 0

  /** A few times a second. */
  isDue(): boolean {
    const now = performance.now()
    if (now - this.#saidMs < 200) return false
    this.#saidMs = now
    return true
  }

  words({ doneMs, ofMs, requests, players }: Slice): string {
    const tookMs = performance.now() - this.#beganMs
    const speed = (doneMs as number) / tookMs
    const leftS = speed > 0 ? ((ofMs as number) - (doneMs as number)) / speed / 1_000 : undefined
    const seconds = (ms: number) => (ms / 1_000).toFixed(1)
    return (
      `${seconds(doneMs as number)} of ${seconds(ofMs as number)} s simulated, ${players} players, ${requests} requests, ` +
      `${speed.toPrecision(2)} times real time${leftS === undefined ? '' : `, ${Math.ceil(leftS)} s left`}`
    )
  }
}

function variantOf(scenario: Scenario, policy: NamedPolicy, simulated: Simulated): Variant {
  const { event, startedMs, endedMs, actions, decisions } = simulated
  const { parts, figures } = figuresOfSimulated(scenario, simulated)
  const checks = scenario.checks
    .filter(check => check.policy === policy.name || check.policy === everyPolicy)
    .map(check => checkFigure(figures, check.figure, check))
  return {
    name: policy.name,
    policy: policy.policy,
    figures,
    checks,
    parts,
    actions: actions.map(({ atMs, action }) => ({ atMs: atMs as number, action: { ...action } })),
    event,
    startedMs: startedMs as number,
    endedMs: endedMs as number,
    logs: [],
    decisions,
  }
}

function write(record: RunRecord, scenario: Scenario, startedAt: Date, out = runsFolder): string {
  const stamp = startedAt.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  const folder = join(out, `${stamp}-${scenario.name}-simulated`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'scenario.json'), `${JSON.stringify(scenario, null, 2)}\n`)
  const recordFile = join(folder, 'record.json')
  writeFileSync(recordFile, `${JSON.stringify(record)}\n`)
  return recordFile
}
