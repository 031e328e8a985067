import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { now } from '../process/clock.ts'
import { loadScenario } from '../scenarios/load.ts'
import { eventOf } from './event-of.ts'
import { HarnessError } from './harness-error.ts'
import { parsePolicy } from './policies.ts'
import { nothingShared } from './storage/run-storage.ts'
import { World } from './world.ts'

function smokeWorld(): World {
  const scenario = loadScenario('smoke')
  return new World({
    scenario,
    contender: { name: 'oca', folder: 'oca', is: 'policy', policy: parsePolicy('oca') },
    origin: { host: '127.0.0.1', port: 0 },
    runStorage: nothingShared,
    event: eventOf(scenario, now()),
    folder: mkdtempSync(join(tmpdir(), 'tidegate-world-')),
    decisionLogs: true,
  })
}

test('a world starts, loses an edge and gets it back, tells of a death, and stops', async () => {
  const world = smokeWorld()
  const { signal } = new AbortController()
  try {
    const told: string[] = []
    await world.start(doing => told.push(doing), signal)
    expect(told).toEqual(['starting the origin', 'starting pipelines and edges', 'publishing the backlog'])
    expect(world.livingEdges).toEqual(['a1', 'a2'])

    const edge = world.designatedEdge
    await world.killEdge(edge)
    expect(world.livingEdges).not.toContain(edge)
    expect(() => world.control(edge)).toThrow(new HarnessError(`there is no living process ${edge}`))
    await world.reviveEdge(edge, signal)
    expect(world.livingEdges).toEqual(['a1', 'a2'])
    expect(world.processes.logs.map(({ file }) => file)).toContain(`${edge}.1.decisions.ndjson`)

    const { parts, missing } = await world.processes.gather()
    expect(parts.map(part => part.name).sort()).toEqual(['a1', 'a2', edge, 'origin', 'pipeline-a', 'pipeline-b'].sort())
    expect(missing).toEqual([])

    const { pid } = world.processes.all.find(({ name }) => name === 'pipeline-a') as { pid: number }
    process.kill(pid, 'SIGKILL')
    expect((await world.death).message).toContain('the pipeline pipeline-a was ended by SIGKILL')
    expect((await world.processes.gather()).missing).toEqual(['pipeline-a'])
  } finally {
    await world.stop()
  }
  expect(world.processes.all.filter(({ pid }) => isAlive(pid))).toEqual([])
}, 30_000)

test('a world that is ended while it starts leaves no process', async () => {
  const world = smokeWorld()
  const controller = new AbortController()
  const starting = world.start(doing => {
    if (doing === 'starting pipelines and edges') queueMicrotask(() => controller.abort(new Error('enough')))
  }, controller.signal)
  await expect(starting).rejects.toThrow('enough')
  await world.stop()
  expect(world.processes.all.filter(({ pid }) => isAlive(pid))).toEqual([])
}, 30_000)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
