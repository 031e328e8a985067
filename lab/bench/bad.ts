import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Grounds, type Starter, startGrounds } from '../../bad-input/grounds.ts'
import { runSuite } from '../../bad-input/run-suite.ts'
import { clockEnvironment } from '../../process/clock.ts'
import { Child } from '../child.ts'
import { inspectable, inspectorOf, type RestingMemory, restingMemory } from './resting-memory.ts'
import { beset, type Siege, type SiegeOutcome } from './siege.ts'

// What bad clients cost the good ones, and whether bad input leaves anything behind in memory.
//
// First an edge and then an origin are beset by slow and idle connections, all at once, while good requests go on:
// `good_requests_failed` of them, and `last_slow_dropped_s` from the first slow connection to the close of the last.
// Then the whole bad-input suite runs in a loop. `rss_growth_mib` is how much more memory the process that grew most
// holds at the end than after the first loops, in which code is compiled and heaps find their size; each time at rest
// (resting-memory.ts). `used_growth_mib` is the same of what the program still refers to: a leak shows there first,
// without the allocator's moods.

export interface BadOptions extends Siege {
  /** How long the suite runs in a loop. 0: not at all. */
  readonly minutes: number
  readonly warmUpLoops: number
  readonly restMs: number
}

const defaults: BadOptions = {
  slowHeads: 300,
  slowReaders: 300,
  idle: 1_000,
  minutes: 5,
  // The allocator's share still grows by 30 MiB from the second loop to the fifth, and by 2 from there to the eleventh.
  warmUpLoops: 5,
  restMs: 10_000,
}
const mib = 1024 * 1024

/** Runs the benchmark and resolves with its figures. */
export async function benchBad(options: BadOptions): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-bad-'))
  const children: Child[] = []
  let grounds: Grounds | undefined
  try {
    grounds = await startGrounds(starterOf(folder, children))
    const measured = children.map(child => ({ child, inspector: inspectorOf(child) }))
    return { ...(await besiege(grounds, options)), ...(await loop(grounds, measured, options)) }
  } finally {
    await Promise.all(children.map(child => child.stop()))
    await grounds?.upstream.close()
    await rm(folder, { recursive: true })
  }
}

function starterOf(folder: string, children: Child[]): Starter {
  const controlToken = randomBytes(16).toString('hex')
  const publishToken = randomBytes(16).toString('hex')
  const environment = {
    ...clockEnvironment(),
    ...inspectable,
    TIDEGATE_CONTROL_TOKEN: controlToken,
    TIDEGATE_PUBLISH_TOKEN: publishToken,
  }
  const start = async (role: 'origin' | 'edge', config: { readonly name: string }) => {
    const child = await Child.start({ role, name: config.name, config, folder, environment })
    children.push(child)
    return child
  }
  return {
    async edge(config) {
      const child = await start('edge', config)
      return { url: child.url('players'), controlUrl: child.url('control'), controlToken }
    },
    async origin(config) {
      const child = await start('origin', config)
      const [delivery, publish, controlUrl] = ['delivery', 'publish', 'control'].map(side => child.url(side))
      return { delivery, publish, controlUrl, controlToken, publishToken } as Awaited<ReturnType<Starter['origin']>>
    },
  }
}

async function besiege({ edges, delivery }: Grounds, siege: Siege): Promise<Record<string, number>> {
  const [edge] = edges
  if (!edge) throw new Error('there is no edge to beset')
  const outcomes: SiegeOutcome[] = []
  for (const target of [edge, delivery]) {
    process.stderr.write(`bad: ${target.name} is beset\n`)
    const outcome = await beset(target, siege)
    for (const problem of outcome.problems) process.stderr.write(`bad: ${problem}\n`)
    outcomes.push(outcome)
  }
  const sum = (of: (outcome: SiegeOutcome) => number) => outcomes.reduce((all, one) => all + of(one), 0)
  return {
    good_requests: sum(({ goodRequests }) => goodRequests),
    good_requests_failed: sum(({ problems }) => problems.length),
    last_slow_dropped_s: Math.max(...outcomes.map(({ lastSlowDroppedMs }) => lastSlowDroppedMs)) / 1_000,
  }
}

async function loop(
  grounds: Grounds,
  measured: readonly { readonly child: Child; readonly inspector: string }[],
  { minutes, warmUpLoops, restMs }: BadOptions,
): Promise<Record<string, number>> {
  let loops = 0
  let problems = 0
  const once = async () => {
    process.stderr.write(`bad: loop ${++loops} of the suite\n`)
    for (const problem of await runSuite(grounds)) {
      problems++
      process.stderr.write(`bad: ${problem}\n`)
    }
  }
  const rest = () => Promise.all(measured.map(({ child, inspector }) => restingMemory(child, inspector, restMs)))
  if (minutes > 0) for (let i = 0; i < warmUpLoops; i++) await once()
  const before = await rest()
  for (const untilMs = performance.now() + minutes * 60_000; performance.now() < untilMs; ) await once()
  const after = await rest()
  const grown = measured.map(({ child: { name } }, i) => {
    const [first, last] = [before[i], after[i]] as [RestingMemory, RestingMemory]
    const growth = (of: keyof RestingMemory) => inMib((last[of] as number) - (first[of] as number))
    return { name, rss: growth('residentBytes'), used: growth('usedBytes'), atEnd: inMib(last.residentBytes as number) }
  })
  return {
    rss_growth_mib: Math.max(...grown.map(({ rss }) => rss)),
    used_growth_mib: Math.max(...grown.map(({ used }) => used)),
    ...Object.fromEntries(
      grown.flatMap(({ name, rss, used, atEnd }) => [
        [`rss_growth_mib.${name}`, rss],
        [`used_growth_mib.${name}`, used],
        [`rss_mib.${name}`, atEnd],
      ]),
    ),
    suite_loops: loops,
    suite_problems: problems,
  }
}

const inMib = (bytes: number): number => Math.round((bytes / mib) * 10) / 10

if (import.meta.main) {
  const { values } = parseArgs({ options: { minutes: { type: 'string' } } })
  const figures = await benchBad({ ...defaults, minutes: Number(values.minutes ?? defaults.minutes) })
  process.stdout.write(`${JSON.stringify({ bench: 'bad', figures })}\n`)
}
