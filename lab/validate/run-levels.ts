import type { Level } from './comparison.ts'
import type { LevelOptions, RunLevel } from './level.ts'
import type { LevelOutcome } from './validation.ts'

// The levels in turn. One that cannot be run does not keep the others from it: it is said, and counted.

export type LoadLevel = (level: Level) => Promise<RunLevel>

/** Runs `asked`, one after the other. Resolves early when `options.signal` says so. */
export async function runLevels(
  asked: readonly Level[],
  load: LoadLevel,
  options: LevelOptions,
): Promise<readonly LevelOutcome[]> {
  const outcomes: LevelOutcome[] = []
  for (const level of asked) {
    if (options.signal?.aborted) break
    outcomes.push(await runLevel(level, load, options))
  }
  return outcomes
}

async function runLevel(level: Level, load: LoadLevel, options: LevelOptions): Promise<LevelOutcome> {
  const began = performance.now()
  const say = (line: string) => options.say(`${level}: ${line}`)
  const outcome = (rest: Pick<LevelOutcome, 'comparisons' | 'missing'>): LevelOutcome => ({
    level,
    partial: options.signal?.aborted ?? false,
    tookMs: performance.now() - began,
    ...rest,
  })
  try {
    const run = await load(level)
    const comparisons = await run({ ...options, say })
    if (comparisons.length > 0 || options.signal?.aborted) return outcome({ comparisons })
    throw new Error('it compared nothing')
  } catch (error) {
    if (options.signal?.aborted) return outcome({ comparisons: [] })
    const missing = (error as Error).message
    say(`COULD NOT RUN: ${missing}`)
    // Where a mistake of our own is the reason, its place is wanted, too.
    if (error instanceof TypeError || error instanceof ReferenceError) say(String(error.stack))
    return outcome({ comparisons: [], missing })
  }
}
