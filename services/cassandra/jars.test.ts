import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { findProgram } from '../find-program.ts'
import { AbsentError } from '../service.ts'
import { cassandraJars } from './jars.ts'

// That the jars are whole whatever was there before, and whoever else fetches them.

const maven = await findProgram('mvn', 'apt-get install maven')
if ('absent' in maven) process.stderr.write(`NOT TESTED: ${maven.absent}\n`)

const cache = mkdtempSync(join(tmpdir(), 'tidegate-jars-'))
vi.stubEnv('TIDEGATE_SERVICES_CACHE', cache)
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(cache, { recursive: true })
})

describe.skipIf('absent' in maven)('the jars of Cassandra', () => {
  it('take the place of what is broken, and are fetched by two at the same time without harm', async () => {
    const folder = join(cache, 'cassandra-5.0.6')
    mkdirSync(folder)
    writeFileSync(join(folder, 'cut-short.jar'), 'PK')
    writeFileSync(join(folder, 'jars.json'), '{"cut-short.jar": 66000000}')
    const told: string[] = []
    const [first, second] = await Promise.all([cassandraJars(line => told.push(line)), cassandraJars(undefined)])
    expect(first.length).toBeGreaterThan(50)
    expect(second).toEqual(first)
    expect(first.filter(path => path.endsWith('cassandra-all-5.0.6.jar'))).toHaveLength(1)
    expect(told).toEqual([expect.stringContaining('66 MB')])
    expect(readdirSync(cache)).toEqual(['cassandra-5.0.6'])
    // Whole: nothing is fetched, and nothing said.
    expect(await cassandraJars(() => expect.unreachable())).toEqual(first)
  }, 300_000)

  it('say what Maven said when it cannot fetch them', async () => {
    const bin = join(cache, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'mvn'), '#!/bin/sh\necho no way to the repository\nexit 1\n', { mode: 0o755 })
    vi.stubEnv('PATH', bin)
    vi.stubEnv('TIDEGATE_SERVICES_CACHE', join(cache, 'empty'))
    const failure = await cassandraJars(undefined).catch(error => error)
    expect(failure).toBeInstanceOf(AbsentError)
    expect(failure.message).toMatch(/Maven could not fetch Cassandra 5\.0\.6.*no way to the repository/s)
    expect(readdirSync(join(cache, 'empty'))).toEqual([])
  })

  it('are not asked for where Maven is missing', async () => {
    expect(await findProgram('no-such-program', 'apt-get install it')).toEqual({
      absent: 'no-such-program is not installed: apt-get install it',
    })
  })
})
