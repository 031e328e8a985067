import { EdgeCore } from '../../edge/core/edge.ts'
import { OriginCore } from '../../origin/core/origin-core.ts'
import { PipelineSchedule } from '../../origin/core/pipeline-schedule.ts'

// A decision log through a new core: what a process wrote of its core's inputs is handed to another core of the same
// configuration, and each line is written again from what that one answers. Two lines are the same when their bytes are.

/** A line that the replay writes otherwise. */
export interface Difference {
  /** In the file, from 1. */
  readonly line: number
  /** The input: the method and what it was handed. */
  readonly call: string
  readonly input: string
  readonly logged: string
  readonly replayed: string
}

export interface Replay {
  readonly role: string
  readonly name: string
  /** Lines that hold a decision, and those of them that came out the same. */
  readonly decisions: number
  readonly same: number
  readonly first: Difference | undefined
  /** `cut`: the process met its limit of bytes. `torn`: it was killed in mid-line. What lies before is replayed. */
  readonly end: 'whole' | 'cut' | 'torn'
}

/** What cannot be replayed at all; the message says why. */
class ReplayError extends Error {}

type Core = Record<string, (...inputs: unknown[]) => unknown>
type Entry = Readonly<Record<string, unknown>>

/** Replays the lines of a log. Throws ReplayError. */
export async function replayLog(lines: Iterable<string> | AsyncIterable<string>): Promise<Replay> {
  const replayer = new Replayer()
  for await (const line of lines) if (!replayer.take(line)) break
  return replayer.result()
}

class Replayer {
  #head: Entry | undefined
  #cores: readonly Core[] = []
  #line = 0
  #decisions = 0
  #same = 0
  #first: Difference | undefined
  #end: Replay['end'] = 'whole'

  /** False: nothing after this line can be replayed. */
  take(line: string): boolean {
    this.#line++
    if (this.#end === 'torn') throw new ReplayError(`line ${this.#line - 1} is no JSON, and is not the last one`)
    const entry = parsed(line)
    if (entry === undefined) this.#end = 'torn'
    else if (this.#head === undefined) this.#begin(entry)
    else if (entry.log === 'sampled') throw new ReplayError('a sampled log begins in the middle of its core’s life')
    else if (entry.log === 'cut') this.#end = 'cut'
    else if (typeof entry.call === 'string') this.#decide(line, entry, entry.call)
    return this.#end !== 'cut'
  }

  result(): Replay {
    if (this.#head === undefined) throw new ReplayError('the log is empty')
    const { role, name } = this.#head
    return {
      role: String(role),
      name: String(name),
      decisions: this.#decisions,
      same: this.#same,
      first: this.#first,
      end: this.#end,
    }
  }

  #begin(head: Entry): void {
    if (head.log !== 'tidegate-decisions/1') throw new ReplayError(`line 1 is no head of a decision log`)
    this.#head = head
    this.#cores = coresOf(head)
  }

  #decide(line: string, entry: Entry, call: string): void {
    this.#decisions++
    const replayed = this.#again(entry, call)
    if (replayed === line) this.#same++
    else {
      this.#first ??= {
        line: this.#line,
        call,
        input: JSON.stringify(entry.with),
        logged: JSON.stringify(entry.gives) ?? 'nothing',
        replayed: answerIn(replayed),
      }
    }
  }

  /** The line as this core would have had it written. */
  #again(entry: Entry, call: string): string {
    const { with: inputs, gives: _before, ...rest } = entry
    const core = this.#cores[typeof entry.core === 'number' ? entry.core : 0]
    const method = core?.[call]
    if (core === undefined || typeof method !== 'function') return `there is no ${call}`
    const { call: _call, ...behind } = rest
    try {
      const gives = method.apply(core, inputs as unknown[])
      return JSON.stringify({ call, with: inputs, gives, ...behind })
    } catch (error) {
      return `throws ${(error as Error).message}`
    }
  }
}

/** New cores of the configuration that the head of a log says. A pipeline has one for each origin that it publishes to. */
function coresOf(head: Entry): readonly Core[] {
  const config = head.config as never
  const made = (core: object) => core as Core
  switch (head.role) {
    case 'edge':
      return [made(new EdgeCore(config))]
    case 'origin':
      return [made(new OriginCore(config))]
    case 'pipeline': {
      const { schedule, beganMs, targets } = config as { schedule: never; beganMs: number; targets: unknown[] }
      return targets.map(() => made(new PipelineSchedule(schedule, beganMs)))
    }
    default:
      throw new ReplayError(`the log is of the role '${head.role}', which has no core to replay`)
  }
}

function parsed(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry
  } catch {
    return undefined // The caller decides whether that may be: a process that is killed tears its last line.
  }
}

const answerIn = (line: string): string => {
  const gives = parsed(line)?.gives
  return gives === undefined ? line : JSON.stringify(gives)
}

/** A difference for people: where, what came in, and both decisions. */
export const tellDifference = ({ line, call, input, logged, replayed }: Difference): string =>
  `line ${line}, ${call}${input}: logged ${short(logged)}, replayed ${short(replayed)}`

const most = 400
const short = (text: string): string => (text.length <= most ? text : `${text.slice(0, most)} …`)
