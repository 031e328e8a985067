import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { now } from '../../process/clock.ts'
import { partSchema } from '../../results/record/part.ts'
import { type FakeEdge, startFakeEdge } from './testing/fake-edge.ts'

const event = anEvent({ startMs: Math.floor((now() as number) / 2_000) * 2_000 - 60_000 })
const command = fileURLToPath(new URL('../../cli/tidegate.mjs', import.meta.url))
const toClose: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0)) await close()
})

async function tidegateFleet(edge: FakeEdge, ...flags: string[]) {
  const args = [command, 'fleet', '--target', edge.url, '--event', 'final', '--out', '-', ...flags]
  const env = { ...process.env, TIDEGATE_CONTROL_TOKEN: 'secret' }
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  const said: string[] = []
  createInterface({ input: child.stderr }).on('line', line => said.push(line))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const nextLine = async (): Promise<unknown> => JSON.parse((await lines.next()).value as string)
  const exited = once(child, 'exit')
  toClose.push(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return { child, nextLine, said, exited }
}

async function edgeNow(): Promise<FakeEdge> {
  const edge = await startFakeEdge(event)
  toClose.push(() => edge.close())
  return edge
}

describe('tidegate fleet', () => {
  it('says when it is ready, prints its part at the end and exits', async () => {
    const { nextLine, said, exited } = await tidegateFleet(await edgeNow(), '--players', '3', '--duration', '1')
    expect(await nextLine()).toMatchObject({ ready: 'fleet', name: 'fleet', listen: { control: expect.any(String) } })
    expect(partSchema.parse(await nextLine()).role).toBe('fleet')
    expect(await exited).toEqual([0, null])
    expect(said.at(-1)).toMatch(/^tidegate: [0-9]+ players, [0-9]+ requests; failed: none; wrong bodies: 0; /)
  })

  it('ends the storm on SIGTERM and prints the part as it stands', async () => {
    const edge = await edgeNow()
    const { child, nextLine, exited } = await tidegateFleet(edge, '--players', '40', '--duration', '60')
    await nextLine()
    await edge.seenAtLeast(5)
    child.kill('SIGTERM')
    const { counts } = partSchema.parse(await nextLine())
    expect(counts.requests).toBeGreaterThan(0)
    expect(counts.players_left).toBe(counts.players_joined)
    expect(await exited).toEqual([0, null])
  })
})
