import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { decisionLogOf, LogOnDemand, logRoutes } from './log-on-demand.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidegate-log-'))
afterAll(() => rmSync(folder, { recursive: true }))
const linesOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

it('keeps nothing until it is wanted, and then begins with its head', async () => {
  const file = join(folder, 'a.ndjson')
  const log = new LogOnDemand(file)
  log.write({ log: 'tidegate-decisions/1', name: 'a' })
  log.write({ note: 'before' })
  expect(existsSync(file)).toBe(false)
  await log.keep(60_000)
  log.write({ note: 'wanted' })
  await log.keep(0)
  log.write({ note: 'after' })
  expect(linesOf(file)).toEqual([{ log: 'tidegate-decisions/1', name: 'a' }, { log: 'sampled' }, { note: 'wanted' }])
})

it('begins anew each time', async () => {
  const file = join(folder, 'b.ndjson')
  const log = new LogOnDemand(file)
  for (const note of ['first', 'second']) {
    await log.keep(60_000)
    log.write({ note })
    await log.close()
  }
  expect(linesOf(file)).toEqual([{ log: 'sampled' }, { note: 'second' }])
})

it('is commanded only where a process has one', () => {
  expect(Object.keys(logRoutes(decisionLogOf({})))).toEqual([])
  expect(Object.keys(logRoutes(decisionLogOf({ decisionLog: join(folder, 'c'), decisionLogOnDemand: true })))).toEqual([
    'POST /log',
  ])
})
