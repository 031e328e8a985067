import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accessLogOf, accessLogSchema, openAccessLog } from './access-log.ts'
import type { EndedEntry } from './access-log-format.ts'
import { ConfigurationError } from './configuration.ts'

let folder = ''
let file = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-log-'))
  file = join(folder, 'access.log')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true })
})

const open = (given: object = {}) => openAccessLog(accessLogSchema.parse({ file, ...given }), 'a1')
const ended = (k: number): EndedEntry => ({
  entry: {
    request: { method: 'GET', url: `/${k}`, httpVersion: '1.1', headers: {}, socket: {} },
    id: `r${k}`,
    status: 200,
    bodyBytes: 1,
    arrivedMs: 1_000,
    waitedMs: undefined,
    reason: 'hit',
  },
  endedMs: 2_000,
})
const complaints = () => {
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    said.push(String(text))
    return true
  })
  return said
}

describe('an access log', () => {
  it('writes every line in order, behind what is in the file', async () => {
    await writeFile(file, 'before\n')
    const log = await open()
    for (let k = 0; k < 5_000; k++) log.write(ended(k))
    await log.close()
    const lines = (await readFile(file, 'utf8')).split('\n')
    expect(lines[0]).toBe('before')
    expect(lines.slice(1, -1).map(line => Number(/"GET \/(\d+) /.exec(line)?.[1]))).toEqual([...Array(5_000).keys()])
    expect(log.droppedLines).toBe(0)
  })

  it('is there within a moment, without being closed', async () => {
    const log = await open()
    log.write(ended(1))
    await vi.waitFor(async () => expect(await readFile(file, 'utf8')).toContain('rid=r1 '))
    await log.close()
  })

  it.each([
    ['combined', '# cut at 2000 bytes'],
    ['json', '{"log":"cut","limitBytes":2000}'],
  ] as const)('ends a %s log at its limit with a mark', async (format, mark) => {
    const said = complaints()
    const log = await open({ format, limitBytes: 2_000 })
    for (let k = 0; k < 100; k++) log.write(ended(k))
    await log.close()
    const text = await readFile(file, 'utf8')
    const lines = text.trimEnd().split('\n')
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2_000)
    expect(lines.at(-1)).toBe(mark)
    expect(log.droppedLines).toBe(100 - (lines.length - 1))
    expect(said).toEqual([`tidegate: a1: the access log ${file} has met its 2000 bytes: cut\n`])
    // What is full stays as it is when the process starts again.
    const again = await open({ format, limitBytes: 1_024 })
    again.write(ended(1))
    await again.close()
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('says once that the disk is full, counts what is lost and goes on', async () => {
    const said = complaints()
    const log = await open({ file: '/dev/full' })
    log.write(ended(1))
    await vi.waitFor(() => expect(said.length).toBe(1))
    expect(said[0]).toMatch(
      /^tidegate: a1: the access log \/dev\/full cannot be written \(.*ENOSPC.*\): lines are dropped/,
    )
    expect(log.droppedLines).toBe(1)
    const restedFrom = performance.now()
    log.write(ended(2))
    expect(log.droppedLines).toBe(2)
    // After its rest it asks the disk again; that it is still full is not said a second time.
    vi.spyOn(performance, 'now').mockReturnValue(restedFrom + 2_000)
    log.write(ended(3))
    expect(log.droppedLines).toBe(2)
    await log.close()
    expect(log.droppedLines).toBe(3)
    expect(said.length).toBe(1)
  })

  it('is a mistake in the configuration where it cannot be opened', async () => {
    await expect(open({ file: join(folder, 'none', 'access.log') })).rejects.toThrow(ConfigurationError)
    expect(() => accessLogOf(undefined, 'json')).toThrow('--access-log-format goes with --access-log FILE')
    expect(accessLogOf('a', undefined)).toEqual({ accessLog: { file: 'a' } })
    expect(accessLogSchema.safeParse({ file, format: 'xml' }).success).toBe(false)
  })
})
