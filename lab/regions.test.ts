import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { segmentPath } from '../live/address.ts'
import { liveEdge } from '../live/template.ts'
import { now } from '../process/clock.ts'
import { loadScenario } from '../scenarios/load.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { eventOf } from './event-of.ts'
import { parsePolicy } from './policies.ts'
import { auditAcknowledged } from './storage/audit.ts'
import { nothingShared } from './storage/run-storage.ts'
import { World } from './world.ts'

// Two regions as real processes, each with an origin over an embedded store of its own.

function worldOfTwo(): World {
  const smoke = loadScenario('smoke')
  const scenario: Scenario = {
    ...smoke,
    topology: {
      regions: ['eu', 'us'],
      roles: 'both',
      sites: [
        { name: 'a', region: 'eu', edges: 1 },
        { name: 'b', region: 'us', edges: 1 },
      ],
    },
  }
  return new World({
    scenario,
    contender: { name: 'oca', folder: 'oca', is: 'policy', policy: parsePolicy('oca') },
    origin: { host: '127.0.0.1', port: 0 },
    runStorage: nothingShared,
    event: eventOf(scenario, now()),
    folder: mkdtempSync(join(tmpdir(), 'tidegate-regions-')),
    decisionLogs: true,
  })
}

test('edges fill from their own region, go over when it is lost, and what was acknowledged is there when it is back', async () => {
  const world = worldOfTwo()
  const { signal } = new AbortController()
  const regionOf = async (edge: string, behind: number) => {
    const { event } = world.plan
    const path = segmentPath(event.event, 'v1', (liveEdge(event, now()) as number) - behind)
    const answer = await fetch(world.processes.child(edge).url('players') + path)
    await answer.arrayBuffer()
    return [answer.status, answer.headers.get('live-region')]
  }
  const audit = () =>
    auditAcknowledged({
      event: world.plan.event,
      pipelines: world.plan.event.pipelines.map(pipeline => world.pipeline(pipeline)),
      originOf: target => world.origins.publishingAt(target),
      now: now(),
    })
  try {
    await world.start(() => undefined, signal)
    expect(await Promise.all([regionOf('a1', 4), regionOf('b1', 4)])).toEqual([
      [200, 'eu'],
      [200, 'us'],
    ])
    await world.origins.kill('eu')
    expect(world.origins.living().length).toBe(1)
    expect(await regionOf('a1', 2)).toEqual([200, 'us'])
    // An operator's command finds the region that is left.
    await world.origins.commanded.post('/notify', { type: 'ad-break' })
    expect((await audit()).lost).toBeGreaterThan(0) // eu's store cannot be asked: nothing is taken on trust
    await world.makeWhole(signal)
    expect(world.origins.living('eu').length).toBe(1)
    const whole = await audit()
    expect(whole).toMatchObject({ lost: 0, named: [] })
    expect(whole.acknowledged).toBeGreaterThan(20)
    const { parts } = await world.processes.gather()
    expect(parts.filter(({ name }) => name === 'origin-eu')).toHaveLength(2) // both of its lives
  } finally {
    await world.stop()
  }
}, 60_000)
