import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkFigure } from '../checks.ts'
import type { RunRecord } from '../record/record.ts'
import { recordOf, threePolicies, variantOf } from '../record.fixture.ts'
import { formatBytes, formatMs, formatNumber, formatShare } from './format.ts'
import { renderTerminal } from './terminal.ts'

const golden = (name: string): string => join(import.meta.dirname, 'golden', `${name}.txt`)
const render = (record: RunRecord): string => renderTerminal(record, { recordFile: 'results/runs/x/record.json' })

test('three policies whose checks held', async () => {
  const variants = threePolicies().map(variant => ({
    ...variant,
    checks: [checkFigure(variant.figures, 'wrong_bodies', { equals: 0 })],
  }))
  await expect(render(recordOf(variants))).toMatchFileSnapshot(golden('three-policies'))
})

test('a single policy in a run that was cut short, with a generator that fell behind and checks that failed', async () => {
  const nginx = variantOf({
    name: 'nginx',
    fills: 2,
    requests: 812,
    bytes: 40_000_000,
    reasons: { hit: 1 },
    early404s: 1,
    waitMs: 253,
    lagMs: 45,
  })
  const checks = [
    checkFigure(nginx.figures, 'fills_per_segment_max', { equals: 1 }),
    checkFigure(nginx.figures, 'fills_per_segment_untouched_max.x', { atMost: 1 }),
    checkFigure(nginx.figures, 'wrong_bodies', { equals: 0 }),
  ]
  await expect(render(recordOf([{ ...nginx, checks }], { partial: true }))).toMatchFileSnapshot(golden('cut-short'))
})

test('a run in which nothing was measured claims nothing', async () => {
  await expect(render(recordOf([], { partial: true }))).toMatchFileSnapshot(golden('nothing-measured'))
})

test('numbers have the digits that say something', () => {
  expect([0, 1, 1.253, 12.34, 123.4, 1_234].map(formatNumber)).toEqual(['0', '1', '1.25', '12.3', '123', '1,234'])
  expect([0, 0.0004, 0.1234, 1].map(formatShare)).toEqual(['0 %', '<0.1 %', '12.3 %', '100 %'])
  expect([999, 1_000, 12_345_678].map(formatBytes)).toEqual(['999 B', '1 kB', '12.3 MB'])
  expect([0.04, 9.96, 253.4, 1_410].map(formatMs)).toEqual(['0', '10', '253', '1,410'])
  expect([formatNumber, formatShare, formatBytes, formatMs].map(format => format(undefined))).toEqual(
    Array(4).fill('–'),
  )
})
