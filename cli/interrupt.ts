import { exitCodes } from './errors.ts'

/** Aborted by the first Ctrl-C or SIGTERM, after saying what happens now; a second one ends the command at once. */
export function interruptSignal(what: string): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCodes.harnessFailed)
      process.stderr.write(`\ntidegate: ${what}; once more ends it at once\n`)
      controller.abort()
    })
  }
  return controller.signal
}
