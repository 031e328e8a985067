import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { loadScenario } from '../scenarios/load.ts'
import { rehearsalOf } from './rehearsal.ts'
import { runScenario } from './run.ts'
import { firmChecks, small } from './small-scenario.fixture.ts'

test('what is rehearsed has the scenario’s topology, players and store, and none of its faults', () => {
  const scenario = loadScenario('origin-crash')
  const rehearsal = rehearsalOf(scenario)
  expect(rehearsal.actions).toEqual([])
  expect(rehearsal.topology).toEqual(scenario.topology)
  expect(rehearsal.store).toEqual(scenario.store)
  expect(rehearsal.fleet.profiles).toEqual(scenario.fleet.profiles)
  expect(rehearsal.durationMs).toBeLessThan(scenario.durationMs)
})

test('a run with a rehearsal counts its own storm alone, in processes that began before it', async () => {
  const out = mkdtempSync(join(tmpdir(), 'tidegate-rehearsal-'))
  const told = new Set<string>()
  const { record, recordFile } = await runScenario(small(loadScenario('smoke')), {
    out,
    policies: ['oca'],
    rehearse: true,
    onProgress: ({ doing }) => told.add(doing),
  })
  expect(told).toContain('rehearsing')
  expect(record.partial).toBe(false)
  expect(record.environment.rehearsed).toBe(true)
  const [variant] = record.variants as [(typeof record.variants)[number]]
  expect(firmChecks(variant).filter(({ outcome }) => outcome !== 'held')).toEqual([])
  const fleet = variant.parts.find(({ role }) => role === 'fleet')
  expect(fleet?.counts.players_joined).toBe(12)
  // Nothing of the rehearsal is left: not its folder, not its event in any log.
  const folder = join(dirname(recordFile), 'oca')
  expect(existsSync(join(folder, 'rehearsal'))).toBe(false)
  for (const { file } of variant.logs) {
    expect(readFileSync(join(dirname(recordFile), file), 'utf8')).not.toContain('smoke-rehearsal')
  }
  // The store of the storm began empty: what it acknowledged is what the pipelines of this event have put.
  expect(variant.figures.acknowledged_lost).toBe(0)
}, 60_000)
