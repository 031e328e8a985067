import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runWith } from '../gate/runs.fixture.ts'
import { renderSideBySidePage } from './render-page.ts'
import { renderSideBySideText } from './render-text.ts'
import { sideBySide } from './side-by-side.ts'

const golden = (name: string): string => join(import.meta.dirname, '..', 'render', 'golden', name)
const before = { title: 'before.json', record: runWith() }
const after = {
  title: 'after.json',
  record: runWith({ fills_per_segment_max: 2, origin_requests: 103, ttfb_ms_p50: 8, rebuffers: undefined }),
}

const rowsOf = (records: Parameters<typeof sideBySide>[0], variant = 'oca') =>
  new Map(
    sideBySide(records)
      .sections.find(one => one.variant === variant)
      ?.rows.map(row => [row.figure, row]),
  )

test('each figure stands once, with a cell for each record, in the order of their definitions', () => {
  const rows = rowsOf([before, after])
  expect(rows.get('fills_per_segment_max')).toMatchObject({ cells: [1, 2], ratio: 2, differs: true })
  // Within what such a count moves by itself.
  expect(rows.get('origin_requests')).toMatchObject({ cells: [100, 103], differs: false })
  expect(rows.get('rebuffers')).toMatchObject({ cells: [0, null], ratio: null, differs: true })
  expect([...rows.keys()].slice(0, 3)).toEqual(['segments_counted', 'fills_per_segment', 'fills_per_segment_max'])
  expect(rowsOf([before, after], 'none').get('fills_per_segment_max')).toMatchObject({ differs: false })
})

test('times of different machines stand beside each other and are not compared', () => {
  const { environment } = before.record
  const other = {
    title: 'other',
    record: runWith({ ttfb_ms_p50: 999 }, { environment: { ...environment, cores: 64 } }),
  }
  const here = { title: 'here', record: runWith({ ttfb_ms_p50: 1 }) }
  expect(rowsOf([here, other]).get('ttfb_ms_p50')).toMatchObject({ cells: [1, 999], ratio: null, differs: false })
  expect(rowsOf([here, here]).get('ttfb_ms_p50')).toMatchObject({ ratio: 1, differs: false })
  expect(sideBySide([here, other]).notes).toContain(
    'They are from different machines: counts are compared, times are not.',
  )
})

test('times of warm processes and of those that had just begun are not compared', () => {
  const { environment } = before.record
  const cold = { title: 'cold', record: runWith({ ttfb_ms_p50: 2 }) }
  const warm = {
    title: 'warm',
    record: runWith({ ttfb_ms_p50: 1 }, { environment: { ...environment, rehearsed: true } }),
  }
  expect(rowsOf([cold, warm]).get('ttfb_ms_p50')).toMatchObject({ ratio: null, differs: false })
  expect(rowsOf([warm, warm]).get('ttfb_ms_p50')).toMatchObject({ ratio: 1 })
  expect(sideBySide([cold, warm]).notes.join()).toContain('had rehearsed')
  expect(sideBySide([warm, warm]).notes.join()).not.toContain('had rehearsed')
})

test('what makes two runs not the same work is said', () => {
  const notes = (given: Parameters<typeof runWith>[1]) =>
    sideBySide([before, { title: 'x', record: runWith({}, given) }]).notes.join('\n')
  expect(notes({ scenario: { name: 'x', shows: 'x', sha256: 'e'.repeat(64) } })).toContain('different scenarios')
  expect(notes({ seed: 1 })).toContain('The seeds differ')
  expect(notes({ world: 'simulated' })).toContain('One was simulated')
  expect(notes({ partial: true })).toContain('x is partial')
})

test('in a terminal and as a page', async () => {
  const both = sideBySide([before, after])
  await expect(renderSideBySideText(both, { all: false })).toMatchFileSnapshot(golden('compare.txt'))
  expect(renderSideBySideText(both, { all: true })).toContain('│ wrong_bodies ')
  await expect(renderSideBySidePage(both)).toMatchFileSnapshot(golden('compare.html'))
})

test('the page loads nothing, runs nothing and takes nothing of a record for markup', () => {
  const name = '<script>alert(1)</script>"\'&'
  const record = { ...before.record, commit: name, variants: before.record.variants.map(one => ({ ...one, name })) }
  const page = renderSideBySidePage(sideBySide([{ title: name, record }, after]))
  expect(page).not.toMatch(/<script|<img|<link|https?:/)
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;')
  expect(page).toContain("default-src 'none'")
})
