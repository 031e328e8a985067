import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '../find-program.ts'
import type { AbsentProgram, FoundProgram } from '../service.ts'

// The Java that Cassandra 5.0 runs on: 17 (tried here), or 11.

const run = promisify(execFile)

const versions: ReadonlySet<string> = new Set(['17', '11'])
const install =
  'apt-get install openjdk-17-jre-headless (macOS: brew install openjdk@17), or set JAVA_HOME to a Java 17'
/** Where distributions keep several versions side by side. */
const installed = '/usr/lib/jvm'
const versionTimeoutMs = 10_000

/** A Java that Cassandra runs on: that of JAVA_HOME, the one on the PATH, or another one that is installed. */
export async function findJava(): Promise<FoundProgram | AbsentProgram> {
  const home = process.env.JAVA_HOME
  const usual = home ? { path: join(home, 'bin', 'java') } : await findProgram('java', install)
  const seen: string[] = []
  for (const path of ['path' in usual ? usual.path : undefined, ...(await otherJavas())]) {
    const version = path && (await majorVersion(path))
    if (version && versions.has(version)) return { path }
    if (version) seen.push(`${path} is Java ${version}`)
  }
  if (seen.length === 0) return { absent: `java is not installed: ${install}` }
  return { absent: `Cassandra 5.0 runs on Java 17 or 11, but ${seen.join(', ')}: ${install}` }
}

async function otherJavas(): Promise<string[]> {
  const names = await readdir(installed).catch(() => [])
  return names.filter(name => /(?:^|\D)(?:17|11)(?:\D|$)/.test(name)).map(name => join(installed, name, 'bin', 'java'))
}

/** `17`, or undefined for what does not run. */
async function majorVersion(path: string): Promise<string | undefined> {
  const said = await run(path, ['-version'], { timeout: versionTimeoutMs }).catch(() => undefined)
  return said && /version "(\d+)/.exec(`${said.stdout}\n${said.stderr}`)?.[1]
}
