import { z } from 'zod'
import type { ControlRoutes } from './control.ts'
import { type DecisionLog, noDecisionLog, openDecisionLog } from './decision-log.ts'

// A decision log that is kept only while somebody wants it: of a process that runs for hours, a few seconds, to follow
// one request. Such a log begins in the middle of the core's life, so it is read (`sampled`) and not replayed.

/** The longest that one command keeps it: it must end also when nobody says so. */
const longestMs = 60_000

const logCommand = z.strictObject({ forMs: z.number().min(0).max(longestMs) })

export class LogOnDemand implements DecisionLog {
  readonly #file: string
  readonly #limitBytes: number | undefined
  #head: object | undefined
  #log: DecisionLog = noDecisionLog
  #ends: NodeJS.Timeout | undefined

  constructor(file: string, limitBytes?: number) {
    this.#file = file
    this.#limitBytes = limitBytes
  }

  write(entry: object): void {
    if ('log' in entry) this.#head = entry
    this.#log.write(entry)
  }

  /** Keeps the log anew for so long; 0 ends it. Resolves when it is open, or on disk. */
  async keep(forMs: number): Promise<void> {
    await this.close()
    if (forMs === 0) return
    this.#log = openDecisionLog(this.#file, this.#limitBytes)
    if (this.#head) this.#log.write(this.#head)
    this.#log.write({ log: 'sampled' })
    this.#ends = setTimeout(() => void this.close(), forMs)
  }

  async close(): Promise<void> {
    clearTimeout(this.#ends)
    const log = this.#log
    this.#log = noDecisionLog
    await log.close()
  }
}

/** The log that a process's configuration asks for. */
export function decisionLogOf(config: {
  readonly decisionLog?: string | undefined
  readonly decisionLogBytes?: number | undefined
  readonly decisionLogOnDemand?: boolean | undefined
}): DecisionLog {
  const { decisionLog, decisionLogBytes, decisionLogOnDemand } = config
  if (decisionLog === undefined) return noDecisionLog
  return decisionLogOnDemand
    ? new LogOnDemand(decisionLog, decisionLogBytes)
    : openDecisionLog(decisionLog, decisionLogBytes)
}

/** The control command of a process whose log is kept on demand; none where it is not. */
export const logRoutes = (log: DecisionLog): ControlRoutes =>
  log instanceof LogOnDemand ? { 'POST /log': body => log.keep(logCommand.parse(body).forMs) } : {}
