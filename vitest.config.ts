import { defineConfig } from 'vitest/config'

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
const never = ['**/node_modules/**', 'results/runs/**', 'dist/**']

const project = (name: string, groupOrder: number, include: readonly string[], exclude: readonly string[] = []) => ({
  test: {
    name,
    pool: 'forks' as const,
    testTimeout: 30_000,
    include: [...include],
    exclude: [...never, ...exclude],
    sequence: { groupOrder },
  },
})

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project('parts', 0, ['**/*.test.ts'], [...groups.storms, ...groups.heavy]),
      project('storms', 1, groups.storms, groups.clusters),
      project('heavy', 2, groups.heavy),
      project('clusters', 3, groups.clusters),
    ],
  },
})
