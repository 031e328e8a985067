import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Two cores carry four groups, one after the other, so that what takes a core for seconds does not cost another test the
// milliseconds that it is about: what tests parts; whole storms; real stores and packages, which are heavy to start; and
// storms over a database cluster, which wait half of their time: beside them, and behind them in rank, is computed what
// only computes.

const groups = {
  storms: ['lab/**/*.test.ts', 'edge/peers/**/*.test.ts', 'cli/gate.test.ts'],
  heavy: [
    'services/**/*.test.ts',
    'origin/store/{cassandra,s3,memcached}/**/*.test.ts',
    'cli/package.test.ts',
    'pages/live/live.test.ts',
  ],
  clusters: ['lab/storage/cassandra-scenarios.test.ts'],
  computing: [
    'sim/{,bulk/,exact/,network/,plan/}*.test.ts',
    'sim/node/{simulate-scenario,simulated-storage}.test.ts',
    'lab/validate/{both-modes,closed-forms,percentile-interval}.test.ts',
    'lab/bench/sim-bulk.test.ts',
    'cli/{sim,plan}-command.test.ts',
    'pages/{playground,report}/*.test.ts',
  ],
}
/** Pure rooms keep nothing between calls: their tests share a process, whose start costs more than most of them. */
const cores = ['{live,edge/core,origin/core,loadgen/player,loadgen/fleet,results}/**/*.test.ts']
const never = ['**/node_modules/**', 'results/runs/**', 'dist/**']

/** What takes longest, each over 20 s alone: begun first, so that nothing long is left when a group ends. */
const longest = [
  'lab/scenarios.test.ts',
  'cli/gate.test.ts',
  'origin/pipeline/play.test.ts',
  'origin/store/cassandra/cassandra.test.ts',
  'pages/live/live.test.ts',
  'cli/package.test.ts',
  'services/cassandra/cassandra.test.ts',
  'lab/storage/cassandra-scenarios.test.ts',
  'pages/playground/page.test.ts',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = longest.indexOf(relative(import.meta.dirname, moduleId).replaceAll('\\', '/'))
      return place < 0 ? longest.length : place
    }
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder
    return (await super.sort(files)).sort((a, b) => group(a) - group(b) || rank(a) - rank(b))
  }
}

/** A project of files in one group, run by `maxWorkers` at once, together with the others of the group. */
const project = (
  name: string,
  [groupOrder, maxWorkers]: readonly [number, number],
  include: readonly string[],
  { exclude = [], ...more }: { exclude?: readonly string[]; isolate?: boolean; setupFiles?: string[] } = {},
) => ({
  test: {
    name,
    pool: 'forks' as const,
    maxWorkers,
    testTimeout: 30_000,
    include: [...include],
    exclude: [...never, ...exclude],
    sequence: { groupOrder },
    ...more,
  },
})

const [first, second, third, last] = [
  [0, 3],
  [1, 3],
  [2, 2],
  [3, 2],
] as const

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      project('cores', first, cores, { isolate: false }),
      project('parts', first, ['**/*.test.ts'], {
        exclude: [...cores, ...groups.storms, ...groups.heavy, ...groups.computing],
      }),
      project('storms', second, groups.storms, { exclude: [...groups.clusters, ...groups.computing] }),
      project('heavy', third, groups.heavy),
      project('clusters', last, groups.clusters),
      project('computing', last, groups.computing, { setupFiles: ['./scripts/low-priority.mjs'] }),
    ],
  },
})
