import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Variant } from '../../results/record/record.ts'
import { loadScenario } from '../../scenarios/load.ts'
import { findCassandra } from '../../services/cassandra/cassandra.ts'
import { runScenario } from '../run.ts'
import { firmChecks, ordered, small } from '../small-scenario.fixture.ts'

// Scenarios over a real Cassandra cluster, small, one after the other: each starts nodes of its own.

const absent = await findCassandra().then(
  () => undefined,
  (error: Error) => error.message,
)
if (absent) process.stderr.write(`NOT TESTED: the scenarios node-loss and region-loss: ${absent}\n`)

const folder = mkdtempSync(join(tmpdir(), 'tidegate-cassandra-scenarios-'))

describe.skipIf(absent)('over a real Cassandra cluster', { timeout: 240_000 }, () => {
  test.each(['node-loss', 'region-loss'])('%s loses nothing and holds what it checks', async name => {
    const { record, remarks } = await runScenario(small(loadScenario(name)), { policies: ['oca'], out: folder })
    expect({ partial: record.partial, remarks }).toEqual({ partial: false, remarks: [] })
    const [variant] = record.variants as [Variant]
    expect(variant.figures).toMatchObject({ acknowledged_lost: 0, wrong_bodies: 0 })
    expect(variant.figures.acknowledged).toBeGreaterThan(0)
    expect(ordered(variant)).toHaveLength(1)
    expect(firmChecks(variant).filter(check => check.outcome !== 'held')).toEqual([])
    const edges = variant.parts.filter(({ role }) => role === 'edge')
    const askedOf = (region: string, site: string) =>
      edges
        .filter(edge => edge.site === site)
        .reduce((all, { counts }) => all + (counts[`fetches.origin.${region}`] ?? 0), 0)
    if (name !== 'region-loss') return
    expect(askedOf('us', 'a')).toBeGreaterThan(0) // went over
    expect(askedOf('eu', 'b')).toBe(0) // had no reason to
  })
})
