import { createWriteStream, type WriteStream } from 'node:fs'
import { limits } from '../live/limits.ts'

// A process's decision log: NDJSON, one line for every input that its core was given and the core's answer, complete
// enough to replay the core from it (first line: the configuration it was made with). Bounded in bytes; when the bound
// is met the last line says so, and `explain` repeats it.

export interface DecisionLog {
  /** One line. `entry` must be plain JSON. */
  write(entry: object): void
  close(): Promise<void>
}

/** The log that keeps nothing. */
export const noDecisionLog: DecisionLog = { write() {}, close: async () => {} }

/** Opens a log at `file`. After `limitBytes` one line `{"log":"cut"}` is written and the rest is dropped. */
export function openDecisionLog(file: string, limitBytes: number = limits.decisionLogBytes): DecisionLog {
  const stream: WriteStream = createWriteStream(file)
  let bytes = 0
  let cut = false
  let failed = false
  stream.on('error', error => {
    if (!failed) process.stderr.write(`tidegate: the decision log ${file} cannot be written: ${error.message}\n`)
    failed = true
  })
  return {
    write(entry) {
      if (cut || failed) return
      const line = `${JSON.stringify(entry)}\n`
      bytes += line.length
      cut = bytes > limitBytes
      stream.write(cut ? `${JSON.stringify({ log: 'cut', limitBytes })}\n` : line)
    },
    close: () => new Promise(done => (failed ? done() : stream.end(done))),
  }
}

type Method = (...inputs: never[]) => unknown

/**
 * `core` with every call of the `inputs` written to `log` as `{call, with, gives}`. The core is used as before;
 * replaying the lines in order into a new core of the same configuration must give the same answers.
 */
export function logged<Core extends object>(
  core: Core,
  inputs: readonly (keyof Core & string)[],
  log: DecisionLog,
): Core {
  if (log === noDecisionLog) return core
  for (const call of inputs) {
    const method = core[call] as Method
    Object.defineProperty(core, call, {
      value: (...given: never[]) => {
        // The inputs are written as they were handed over: a core may not change them, but an answer may hold live state.
        const gives = method.apply(core, given)
        log.write({ call, with: given, gives })
        return gives
      },
    })
  }
  return core
}
