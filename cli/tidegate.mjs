#!/usr/bin/env node
// The command's entry. Plain JavaScript, because the system's Node may be too old to strip types: it hands over to the
// Node that the lock file pins, when the one it was started with is older than 24.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const major = Number(process.versions.node.split('.')[0])

if (major >= 24) {
  // A run starts nine processes at once: compiled code is kept, which halves what the start of each one costs.
  nodeModule.enableCompileCache(join(here, '..', 'node_modules', '.cache', 'tidegate'))
  await import('./main.ts')
} else {
  const pinned = join(here, '..', 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(pinned)) {
    process.stderr.write(
      `tidegate: this is Node ${process.versions.node}, and 24 or later is needed; 'npm install' installs the pinned one\n`,
    )
    process.exit(1)
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)))
}
