import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { clockEnvironment } from '../process/clock.ts'
import { partSchema } from '../results/record/part.ts'
import { Child } from './child.ts'
import { ControlClient } from './control-client.ts'
import { HarnessError } from './harness-error.ts'

const started: Child[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map(child => child.stop()))
})

const folder = (): string => mkdtempSync(join(tmpdir(), 'tidegate-lab-'))
const environment = { ...clockEnvironment(), TIDEGATE_CONTROL_TOKEN: 'control', TIDEGATE_PUBLISH_TOKEN: 'publish' }

const edgeCalled = (name: string) => ({ name, site: 'a', origins: [{ url: 'http://127.0.0.1:9' }] })

async function startEdge(): Promise<Child> {
  const child = await Child.start({
    role: 'edge',
    name: 'a1',
    folder: folder(),
    config: edgeCalled('a1'),
    environment,
  })
  started.push(child)
  return child
}

test('a process is started, spoken to, and stopped', async () => {
  const child = await startEdge()
  const control = new ControlClient(child.url('control'), 'control')
  expect(partSchema.parse(await control.get('/record')).name).toBe('a1')
  await child.stop()
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(child.alive).toBe(false)
  expect(child.diedOfItself).toBeUndefined()
})

test('a process that ends before it is ready fails the harness with its last words', async () => {
  const starting = Child.start({ role: 'edge', name: 'a1', folder: folder(), config: { name: 'A!' }, environment })
  const error = await starting.catch(error => error)
  expect(error).toBeInstanceOf(HarnessError)
  expect(error.message).toMatch(/^the edge a1 ended with exit code 2\. It said last:\ntidegate: .*site/)
})

test('an abort while it starts ends the process', async () => {
  const controller = new AbortController()
  const starting = Child.start(
    {
      role: 'edge',
      name: 'a1',
      folder: folder(),
      config: edgeCalled('a1'),
      environment,
    },
    controller.signal,
  )
  controller.abort(new Error('enough'))
  await expect(starting).rejects.toThrow('enough')
})

test('a process that dies by itself is told from one that was stopped', async () => {
  const child = await startEdge()
  process.kill(child.pid, 'SIGKILL')
  const exit = await child.exited
  expect(child.diedOfItself).toEqual({ code: null, signal: 'SIGKILL' })
  expect(child.deathError(exit).message).toContain('the edge a1 was ended by SIGKILL')
})

test('commands that a listener refuses, and listeners that are gone, are told with what was asked', async () => {
  const child = await startEdge()
  const url = child.url('control')
  await expect(new ControlClient(url, 'wrong').get('/state')).rejects.toThrow(`GET ${url}/state was answered 401`)
  await expect(new ControlClient(url, 'control').post('/topology', { site: 1 })).rejects.toThrow(
    `POST ${url}/topology {"site":1} was answered 400`,
  )
  await child.stop()
  await expect(new ControlClient(url, 'control').post('/flush')).rejects.toThrow(`POST ${url}/flush got no answer`)
})

test('a process rests between two lives, and keeps what each said apart', async () => {
  const child = await startEdge()
  const { pid } = child
  const first = child.url('control')
  await child.rest()
  expect(child.alive).toBe(false)
  expect(child.diedOfItself).toBeUndefined()
  await expect(new ControlClient(first, 'control').get('/record')).rejects.toThrow('got no answer')

  const second = {
    folder: folder(),
    config: edgeCalled('a1'),
    environment: { ...environment, TIDEGATE_CONTROL_TOKEN: 'b' },
  }
  await child.begin(second)
  expect(child.alive).toBe(true)
  expect(child.pid).toBe(pid)
  const part = partSchema.parse(await new ControlClient(child.url('control'), 'b').get('/record'))
  expect(part).toMatchObject({ name: 'a1', counts: { requests: 0 } })
  expect(existsSync(join(second.folder, 'a1.stderr.log'))).toBe(true)
  await child.stop()
  expect(await child.exited).toEqual({ code: 0, signal: null })
})

test('a life that cannot begin fails the harness with its last words, and the process is gone', async () => {
  const child = await startEdge()
  await child.rest()
  const beginning = child.begin({ folder: folder(), config: { name: 'A!' }, environment })
  await expect(beginning).rejects.toThrow(/^the edge a1 ended with exit code 2\. It said last:\ntidegate: .*site/)
  expect(child.alive).toBe(false)
})

test('a process that was killed while it rested is told when it is wanted again', async () => {
  const child = await startEdge()
  await child.rest()
  process.kill(child.pid, 'SIGKILL')
  await child.exited
  const beginning = child.begin({ folder: folder(), config: edgeCalled('a1'), environment })
  await expect(beginning).rejects.toThrow('the edge a1 was ended by SIGKILL')
})
