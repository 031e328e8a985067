import { join } from 'node:path'
import { expect, test } from 'vitest'
import { convert } from 'xmlbuilder2'
import { limits } from '../../live/limits.ts'
import { checkFigure } from '../checks.ts'
import { holdGate } from '../gate/gate.ts'
import { figuresByVariant } from '../gate/in-pairs.ts'
import { baselineWith, runWith } from '../gate/runs.fixture.ts'
import type { RunRecord, Variant } from '../record/record.ts'
import { recordOf, threePolicies } from '../record.fixture.ts'
import { renderGate } from './gate-text.ts'
import { type OutputName, outputNames, outputs } from './outputs.ts'
import type { Told } from './told.ts'

const extensions: Record<OutputName, string> = {
  junit: 'xml',
  markdown: 'md',
  json: 'json',
  ndjson: 'ndjson',
  prometheus: 'prom',
}
const golden = (name: string): string => join(import.meta.dirname, 'golden', name)

/** A record with a check of each outcome under `oca`, and one that held under the others. */
function recordWithChecks(figures: Readonly<Record<string, number>> = {}): RunRecord {
  const record = runWith(figures)
  return {
    ...record,
    variants: record.variants.map(variant => ({
      ...variant,
      checks: [
        checkFigure(variant.figures, 'wrong_bodies', { equals: 0 }),
        ...(variant.name === 'oca'
          ? [
              checkFigure(variant.figures, 'fills_per_segment_max', { equals: 1 }),
              checkFigure(variant.figures, 'hit_share.a9', { atLeast: 0.5, atMost: 1 }),
            ]
          : []),
      ],
    })),
  }
}

/** A gate that shows everything: an extra fill, a slowdown, fewer requests, a figure that is gone, another machine. */
function failedGate(): Required<Told> {
  const record = recordWithChecks({ fills_per_segment_max: 2, origin_requests: 50 })
  const pair = (ms: number) => ({
    against: figuresByVariant(runWith({ ttfb_ms_p50: 100 })),
    candidate: figuresByVariant(runWith({ ttfb_ms_p50: ms })),
  })
  const pairs = [121, 120, 122, 119, 120, 121, 118, 120].map(pair)
  const baseline = {
    ...baselineWith(
      [{ player_5xx: 0 }, { player_5xx: 0 }, { player_5xx: 0 }].map(run => ({ ...run, 'hit_share.a9': 0.5 })),
    ),
    machine: { platform: 'darwin arm64', cpu: 'another', cores: 8, memoryBytes: 1 },
  }
  const measurement = { against: 'main', first: pairs, confirming: pairs }
  return { record, gate: holdGate({ record, baseline, measurement, at: '2026-01-31T18:00:00.000Z' }) }
}

const held = (): Told => ({ record: recordOf(threePolicies()) })

test.each(outputNames)('%s of a record, and of a gate that failed', async name => {
  await expect(await outputs[name](held())).toMatchFileSnapshot(golden(`record.${extensions[name]}`))
  await expect(await outputs[name](failedGate())).toMatchFileSnapshot(golden(`gate.${extensions[name]}`))
})

test('a gate in a terminal', async () => {
  const { record, gate } = failedGate()
  await expect(renderGate(record, gate)).toMatchFileSnapshot(golden('gate.txt'))
  const same = holdGate({ record: runWith(), baseline: baselineWith(), at: '2026-01-31T18:00:00.000Z' })
  await expect(renderGate(runWith(), same)).toMatchFileSnapshot(golden('gate-held.txt'))
})

test('JUnit has a case for each check and figure, and tells failures from errors', async () => {
  const told = failedGate()
  const document = convert(outputs.junit(told), { format: 'object' }) as {
    testsuites: Record<'@tests' | '@failures' | '@errors', string>
  }
  const checks = told.record.variants.flatMap(({ checks }) => checks)
  const { comparisons } = told.gate
  expect(document.testsuites).toMatchObject({
    '@tests': String(checks.length + comparisons.length),
    '@failures': String(
      [...checks, ...comparisons].filter(({ outcome }) => outcome === 'failed' || outcome === 'worse').length,
    ),
    '@errors': String([...checks, ...comparisons].filter(({ outcome }) => outcome === 'not-emitted').length),
  })
})

/** A record whose names would be markup anywhere. */
const hostile = (): RunRecord => {
  const [first] = threePolicies() as [Variant]
  const name = '<b>"a|b`\n]]>&\u0000'
  return recordOf([{ ...first, name, checks: [checkFigure({}, `x${name}`, { equals: 1 })] }], {
    scenario: { name, shows: name, sha256: 'f'.repeat(64) },
    environment: { ...recordOf([]).environment, command: `tidegate run '${name}'` },
  })
}

test('what stands in a record is never markup', async () => {
  const record = hostile()
  const xml = outputs.junit({ record })
  expect(xml).not.toContain('<b>')
  expect(() => convert(xml, { format: 'object' })).not.toThrow()
  const markdown = outputs.markdown({ record })
  // The command stands in a code span, in which nothing is markup but its own end.
  const [command] = markdown.split('\n').filter(line => line.startsWith('Reproduce: '))
  expect(command?.split('`')).toHaveLength(3)
  expect(markdown.replace(command as string, '')).not.toContain('<b>')
  const [head = '', rule = ''] = markdown.split('\n')
  expect(head.split(/(?<!\\)\|/)).toHaveLength(rule.split('|').length)
  expect(JSON.parse(outputs.json({ record }))).toMatchObject({ scenario: { name: record.scenario.name } })
  const line = outputs.ndjson({ record })
  expect(line.indexOf('\n')).toBe(line.length - 1)
  const samples = (await outputs.prometheus({ record })).split('\n').filter(sample => sample && !sample.startsWith('#'))
  for (const sample of samples) expect(sample).toMatch(/^tidegate_\w+\{.*\} [\d.e+-]+$/)
})

test('a Markdown summary stays under 1 MiB, with the table first, and says what it leaves out', () => {
  const record = recordWithChecks()
  const [none] = record.variants as [Variant]
  const many = Array.from({ length: 9_000 }, (_, i) => checkFigure({}, `${'figure'.repeat(20)}_${i}`, { equals: 0 }))
  const text = outputs.markdown({ record: { ...record, variants: [{ ...none, checks: many }] } })
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limits.markdownBytes)
  expect(Buffer.byteLength(text)).toBeGreaterThan(limits.markdownBytes * 0.9)
  expect(text).toMatch(/^\| {2}\| none \|\n\|---\|---:\|\n\| fills per segment/)
  expect(text).toMatch(/The rest is left out: a summary may have 1 MiB\. The record has all of it\.\*\*\n$/)
})
