// Installs what package-lock.json names, when node_modules does not hold it already. Plain JavaScript without
// dependencies: it runs before anything is installed, on whatever Node (20 or later) the system has.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stampFile = join(root, 'node_modules', '.tidegate-installed')
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')
const installed = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === lock

if (!installed) {
  process.stderr.write('tidegate: installing what package-lock.json names …\n')
  const npm = process.env.npm_execpath
  // Not 'npm ci': it refuses a lock file that lacks the optional packages of other platforms, which registries may not
  // hold. 'npm install --no-save' installs the locked versions, checks their checksums and leaves the lock alone.
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...install]] : ['npm', install]
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    process.stderr.write(
      "tidegate: 'npm install' failed; its message is above. A registry that answers is needed once.\n",
    )
    process.exit(result.status ?? 1)
  }
  writeFileSync(stampFile, lock)
}
