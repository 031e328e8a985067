#!/usr/bin/env node
// The entry of the command in the package for other repositories: compiled code, on the Node that runs it.
import * as nodeModule from 'node:module'

const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(`tidegate: this is Node ${process.versions.node}, and 24 or later is needed\n`)
  process.exit(1)
}
// A run starts several processes at once: compiled code is kept, which halves what the start of each one costs.
nodeModule.enableCompileCache()
await import('./main.js')
