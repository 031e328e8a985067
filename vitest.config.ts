import { defineConfig } from 'vitest/config'

// Two cores carry three groups, one after the other: what tests parts; what runs whole storms, whose checks are about
// milliseconds; and storms over a database cluster, which takes both cores to start.

const clusters = ['lab/storage/cassandra-scenarios.test.ts']
const storms = ['lab/**/*.test.ts', 'cli/gate.test.ts']
const never = ['**/node_modules/**', 'results/runs/**']
const shared = { pool: 'forks', testTimeout: 30_000 } as const

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'parts',
          include: ['**/*.test.ts'],
          exclude: [...never, ...storms],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'storms',
          include: storms,
          exclude: [...never, ...clusters],
          sequence: { groupOrder: 1 },
        },
      },
      { test: { ...shared, name: 'clusters', include: clusters, exclude: never, sequence: { groupOrder: 2 } } },
    ],
  },
})
