import { z } from 'zod'
import { now } from './clock.ts'

// How a process of Tidegate begins and ends, the same for all: one line of JSON on standard output when it is ready,
// a drain on SIGTERM and SIGINT that is bounded in time. A parent that has opened a channel can end its life and begin
// another one in the same process, whose code is compiled by then: the lab lets its processes rehearse a storm so
// (lab/rehearsal.ts).

/** The line that a parent waits for. */
export interface ReadyLine {
  readonly ready: 'origin' | 'edge' | 'fleet' | 'pipeline'
  readonly name: string
  /** URLs of its listeners, by purpose: `delivery`, `publish`, `players`, `control`. */
  readonly listen: Readonly<Record<string, string>>
}

/** What a process is from a configuration on: it listens until it is closed. */
export interface Life extends ReadyLine {
  /** Drains; resolves when nothing of it is left. */
  close(): Promise<void>
  /** Resolves when its work is done, where it ends by itself. */
  readonly over?: Promise<void> | undefined
}

/** What a parent sends: first `end`, then `begin` with what the next life is made from. */
const commandSchema = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('end') }),
  z.strictObject({
    do: z.literal('begin'),
    config: z.string(),
    /** Secrets, which stand in no file. */
    environment: z.record(z.string(), z.string()),
  }),
])
export type LifeCommand = z.infer<typeof commandSchema>
/** What a parent hears when a life has ended. */
export const lifeEnded = { ended: true }

/**
 * Runs a process for one life, or for as many as its parent asks for. Resolves when the first one is over, of those that
 * end by themselves, and never where a parent may ask for more; rejects with what `begin` throws.
 *
 * @param flags what the command was given; a later life is given a configuration file instead, and nothing else
 * @param begin starts what they describe
 */
export async function live<Flags extends { config?: string }>(
  flags: Flags,
  begin: (flags: Flags | { config: string }) => Promise<Life>,
): Promise<void> {
  let life = await begin(flags)
  drainOnSignal(() => life.close())
  sayReady(life)
  if (life.over !== undefined) {
    await life.over
    await life.close()
  }
  if (!process.connected) return
  const failed = Promise.withResolvers<never>()
  const obey = async (message: unknown): Promise<void> => {
    const command = commandSchema.parse(message)
    if (command.do === 'end') {
      await life.close()
      process.send?.(lifeEnded)
      return
    }
    Object.assign(process.env, command.environment)
    life = await begin({ config: command.config })
    sayReady(life)
  }
  process.on('message', message => {
    obey(message).catch(failed.reject)
  })
  // An open channel would keep a process that failed from ending.
  await failed.promise.finally(() => process.channel?.unref())
}

export const sayReady = ({ ready, name, listen }: ReadyLine): void => {
  process.stdout.write(`${JSON.stringify({ ready, name, listen, pid: process.pid, atMs: now() })}\n`)
}

const drainBoundMs = 8_000

/** Runs `drain` once, on the first SIGTERM or SIGINT, and then exits; a second signal or the bound ends it at once. */
function drainOnSignal(drain: () => Promise<void>): void {
  let draining = false
  const stop = (signal: NodeJS.Signals) => {
    if (draining) process.exit(signal === 'SIGINT' ? 130 : 143)
    draining = true
    const bound = setTimeout(() => {
      process.stderr.write(`tidegate: drained for ${drainBoundMs} ms without coming to an end; stopping now\n`)
      process.exit(1)
    }, drainBoundMs)
    bound.unref()
    drain().then(
      () => process.exit(0),
      error => {
        process.stderr.write(`tidegate: while draining: ${error instanceof Error ? error.stack : error}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // A parent that opened a channel and is gone, even by SIGKILL, leaves no process behind.
  if (process.connected) process.once('disconnect', () => stop('SIGTERM'))
}
