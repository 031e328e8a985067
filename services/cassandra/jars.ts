import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { cacheFolder } from '../cache-folder.ts'
import { findProgram } from '../find-program.ts'
import { AbsentError, ServiceError } from '../service.ts'

// Cassandra's jars, fetched once by Maven into the cache folder. What is there is whole: it appears by one rename, also
// when two runs fetch at the same time, and it is checked against its list before each use.

const run = promisify(execFile)

const version = '5.0.6'
const pom = join(import.meta.dirname, 'pom.xml')
const listName = 'jars.json'
/** 66 MB over a slow line. */
const fetchWithinMs = 15 * 60_000

/** Name of a jar to its length in bytes. */
const listSchema = z.record(z.string(), z.number().int().positive())

/** The jars' paths, fetched when they are not there. Throws AbsentError when Maven is missing or cannot fetch. */
export async function cassandraJars(
  tell: ((line: string) => void) | undefined,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const folder = join(cacheFolder(), `cassandra-${version}`)
  const kept = await wholeJars(folder)
  if (kept) return kept
  tell?.(`fetching Cassandra ${version} with Maven into ${folder}, 66 MB, once`)
  await fetchJars(folder, signal)
  const fetched = await wholeJars(folder)
  if (!fetched) throw new ServiceError(`the jars in ${folder} do not agree with their list: remove the folder`)
  return fetched
}

/** What stands in `folder`, when it is all there with the right lengths. */
async function wholeJars(folder: string): Promise<readonly string[] | undefined> {
  const text = await readFile(join(folder, listName), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const list = listSchema.safeParse(parse(text)).data
  if (!list) return undefined
  const paths = Object.keys(list).map(name => join(folder, name))
  const lengths = await Promise.all(
    paths.map(path =>
      stat(path).then(
        ({ size }) => size,
        () => undefined,
      ),
    ),
  )
  return Object.values(list).every((bytes, i) => bytes === lengths[i]) ? paths : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Cut short by a full disk: it is fetched again.
  }
}

async function fetchJars(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const maven = await findProgram('mvn', 'apt-get install maven (macOS: brew install maven)')
  if ('absent' in maven) throw new AbsentError(maven.absent)
  await mkdir(dirname(folder), { recursive: true })
  const partial = await mkdtemp(`${folder}.partial-`)
  try {
    await run(
      maven.path,
      ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${partial}`],
      { timeout: fetchWithinMs, signal },
    ).catch((error: Error & { stdout?: string }) => {
      if (signal?.aborted) throw signal.reason
      const said = `${error.stdout ?? ''}`.trim().split('\n').slice(-6).join('\n')
      throw new AbsentError(
        `Maven could not fetch Cassandra ${version}; it needs the way to a Maven repository once (${pom}):\n${said || error.message}`,
      )
    })
    await writeList(partial)
    await put(partial, folder)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

async function writeList(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.jar')).sort()
  const list = await Promise.all(names.map(async name => [name, (await stat(join(folder, name))).size] as const))
  await writeFile(join(folder, listName), JSON.stringify(Object.fromEntries(list), null, 1))
}

/** Puts `partial` in the place of `folder`; what another run has put there whole meanwhile stays. */
async function put(partial: string, folder: string): Promise<void> {
  if (await wholeJars(folder)) return
  // Moved aside before it is removed, so that nobody sees half of it.
  const broken = `${partial}.broken`
  await rename(folder, broken).catch(ignoreMissing)
  await rename(partial, folder).catch(async error => {
    if (!(await wholeJars(folder))) throw error
  })
  await rm(broken, { recursive: true, force: true })
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
