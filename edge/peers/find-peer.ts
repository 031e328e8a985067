import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { type PeerName, peerKinds } from './peer-kinds.ts'

const run = promisify(execFile)

export interface FoundPeer {
  readonly binary: string
  readonly version: string
}
export interface AbsentPeer {
  /** One line that says what is missing and how to install it. */
  readonly absent: string
}

/** Where servers are installed that a person's PATH often leaves out. */
const serverFolders = ['/usr/local/sbin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/bin']
/** A binary that does not say its version within this is broken. */
const versionTimeoutMs = 5_000

/** Looks for the software of `name` on this machine. Never throws: what is not there or does not run is absent. */
export async function findPeer(name: PeerName): Promise<FoundPeer | AbsentPeer> {
  const kind = peerKinds[name]
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(folder => folder !== ''), ...serverFolders]
  const binary = await firstExecutable(folders.map(folder => join(folder, kind.binary)))
  if (binary === undefined) {
    return { absent: `${name} is not installed: apt-get install ${kind.debianPackage}` }
  }
  try {
    const said = await run(binary, [...kind.versionArguments], { timeout: versionTimeoutMs })
    const version = kind.versionPattern.exec(`${said.stdout}\n${said.stderr}`)?.[1]
    return { binary, version: version ?? 'of unknown version' }
  } catch (error) {
    const why = (error as Error).message.split('\n')[0]
    return {
      absent: `${name} is installed but ${binary} does not run (${why}): apt-get install --reinstall ${kind.debianPackage}`,
    }
  }
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    try {
      await access(path, constants.X_OK)
      return path
    } catch {
      // Not here: the next folder is looked at, and `findPeer` says it when none has it.
    }
  }
  return undefined
}
