import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Two cores carry four groups, one after the other, so that what takes a core for seconds does not cost another test the
// milliseconds that it is about: what tests parts; whole storms; real stores and packages, which are heavy to start; and
// storms over a database cluster.

const groups = {
  storms: ['lab/**/*.test.ts', 'edge/peers/**/*.test.ts', 'cli/gate.test.ts'],
  heavy: [
    'services/**/*.test.ts',
    'origin/store/{cassandra,s3,memcached}/**/*.test.ts',
    'cli/package.test.ts',
    'pages/live/live.test.ts',
  ],
  clusters: ['lab/storage/cassandra-scenarios.test.ts'],
}
/** Pure rooms keep nothing between calls: their tests share a process, whose start costs more than most of them. */
const cores = ['{live,edge/core,origin/core,loadgen/player,loadgen/fleet,results}/**/*.test.ts']
const never = ['**/node_modules/**', 'results/runs/**', 'dist/**']

/** What takes longest, in seconds on two cores: begun first, so that nothing long is left when a group ends. */
const longest = [
  'origin/store/cassandra/cassandra.test.ts', // 95
  'pages/live/live.test.ts', // 70
  'lab/scenarios.test.ts', // 80
  'cli/gate.test.ts',
  'cli/package.test.ts',
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

const project = (name: string, groupOrder: number, include: readonly string[], exclude: readonly string[] = []) => ({
  test: {
    name,
    pool: 'forks' as const,
    isolate: name !== 'cores',
    testTimeout: 30_000,
    include: [...include],
    exclude: [...never, ...exclude],
    sequence: { groupOrder },
  },
})

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      project('cores', 0, cores),
      project('parts', 0, ['**/*.test.ts'], [...cores, ...groups.storms, ...groups.heavy]),
      project('storms', 1, groups.storms, groups.clusters),
      project('heavy', 2, groups.heavy),
      project('clusters', 3, groups.clusters),
    ],
  },
})
