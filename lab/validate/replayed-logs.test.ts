import { expect, test } from 'vitest'
import { errorOf } from './comparison.ts'
import { v1 } from './replayed-logs.ts'

test('real processes: every log of an edge, an origin and a packager comes out of a new core byte by byte', async () => {
  const said: string[] = []
  const comparisons = await v1({ seeds: 1, quick: true, say: line => void said.push(line) })
  expect(comparisons.filter(comparison => errorOf(comparison) > 0)).toEqual([])
  const logs = new Set(comparisons.map(({ variant, figure }) => `${variant} ${figure}`))
  for (const policy of ['none', 'oca']) {
    for (const name of ['a1', 'a2', 'origin', 'pipeline-a', 'pipeline-b']) {
      expect(logs).toContain(`${policy} decisions.${name}`)
    }
  }
  // Not because there was nothing to decide.
  for (const { trusted } of comparisons) expect(trusted).toBeGreaterThan(20)
  expect(said.at(-1)).toMatch(/^\d+ logs of smoke replayed$/)
}, 120_000)
