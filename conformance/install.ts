import { spawnSync } from 'node:child_process'
import { isInstalled } from './suite.ts'

// This folder has dependencies and a lock of its own: the suite brings an old npm along, which must not come near the
// project's.

/** Installs what this folder's package-lock.json names, unless it is there. Throws when that fails. */
export function installSuite(): void {
  if (isInstalled()) return
  process.stderr.write('conformance: installing the suite, with the lock in conformance/ …\n')
  // As scripts/install-locked.mjs: 'npm ci' refuses a lock without the optional packages of other platforms.
  const result = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.error) throw new Error(`npm could not be started: ${result.error.message}`)
  if (result.status !== 0 || !isInstalled()) {
    throw new Error(
      "'npm install' in conformance/ failed; its message is above. A registry that answers is needed once.",
    )
  }
}
