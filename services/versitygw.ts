import { execFile } from 'node:child_process'
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from './cache-folder.ts'
import { findProgram } from './find-program.ts'
import { AbsentError, type FoundProgram } from './service.ts'

// The S3 server that runs locally, built once by Go into the cache folder: its makers publish no package for npm, and the
// sums of what Go fetches are checked by Go itself.

const run = promisify(execFile)

const version = '1.8.0'
const module = `github.com/versity/versitygw/cmd/versitygw@v${version}`
const install = 'apt-get install golang (1.25 or later; macOS: brew install go)'
/** On two cores with an empty module cache it takes two minutes. */
const buildWithinMs = 20 * 60_000

const binaryPath = () => join(cacheFolder(), `versitygw-${version}`, 'versitygw')

/** The server's binary, built when it is not there. Throws AbsentError when Go is missing or cannot build it. */
export async function findVersitygw(tell?: (line: string) => void, signal?: AbortSignal): Promise<FoundProgram> {
  const path = binaryPath()
  if (await isExecutable(path)) return { path }
  const go = await findProgram('go', `versitygw ${version} is built by it, once: ${install}`)
  if ('absent' in go) throw new AbsentError(go.absent)
  tell?.(`building versitygw ${version} with Go into ${path}, once, about two minutes`)
  await build(go.path, path, signal)
  return { path }
}

/** Beside where it belongs, then moved there: another run sees it whole or not at all. */
async function build(go: string, path: string, signal: AbortSignal | undefined): Promise<void> {
  const folder = join(path, '..')
  await mkdir(folder, { recursive: true })
  const partial = await mkdtemp(join(folder, 'partial-'))
  try {
    await run(go, ['install', module], { env: { ...process.env, GOBIN: partial }, timeout: buildWithinMs, signal })
    await rename(join(partial, 'versitygw'), path)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    const { stderr = '', message } = error as Error & { stderr?: string }
    const said = stderr.trim().split('\n').slice(-6).join('\n')
    throw new AbsentError(`Go could not build versitygw ${version} (${install}):\n${said || message}`)
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
