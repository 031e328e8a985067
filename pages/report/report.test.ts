import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'hdr-histogram-js'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkFigure } from '../../results/checks.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { recordOf, threePolicies } from '../../results/record.fixture.ts'
import { complaintsOf, hasBrowser, openBrowser } from '../testing/browser.ts'
import { percentileBands } from './percentiles.ts'
import { renderReport } from './report.ts'
import { reportOf } from './report-data.ts'

const evil = '</script><img src=x onerror="document.title=\'owned\'"><!--'

/** Three policies with a check that held, one that failed, and an action. */
function aRecord(changes: Partial<RunRecord> = {}): RunRecord {
  const variants = threePolicies().map(variant => ({
    ...variant,
    checks: [
      checkFigure(variant.figures, 'wrong_bodies', { equals: 0 }),
      checkFigure(variant.figures, 'origin_requests', { equals: -1 }),
    ],
    actions: [{ atMs: variant.startedMs + 2_500, action: { do: 'kill-edge', edge: 'a1' } }],
  }))
  return recordOf(variants, changes)
}

describe('percentiles with their bands', () => {
  const histogram = build({ numberOfSignificantValueDigits: 3 })
  for (let i = 1; i <= 1_000; i++) histogram.recordValue(i * 1_000)

  it('hold the true one in 19 of 20, by ranks', () => {
    const [median] = percentileBands(histogram, [50])
    expect(median?.valueMs).toBeCloseTo(500, -1)
    // 1.96 · √(1000 · 0.5 · 0.5) = 31 ranks to either side.
    expect(median?.lowMs).toBeGreaterThan(460)
    expect(median?.lowMs).toBeLessThan(475)
    expect(median?.highMs).toBeGreaterThan(525)
    expect(median?.highMs).toBeLessThan(540)
  })

  it('are given only where the sample carries them', () => {
    expect(percentileBands(histogram, [99, 99.9, 99.99]).map(({ percent }) => percent)).toEqual([99, 99.9])
  })
})

describe('a report', () => {
  it('puts every variant on the same seconds, from the start of its storm', () => {
    const { variants, headline } = reportOf([aRecord()])
    expect(variants.map(({ name }) => name)).toEqual(['none', 'nginx', 'oca'])
    expect(new Set(variants.map(({ requestsPerSecond }) => requestsPerSecond.length)).size).toBe(1)
    expect(variants[0]?.marks).toEqual([{ atS: 2.5, what: 'kill-edge a1' }])
    expect(headline).toContain('requests a second to the origin')
  })

  it('tells two runs of the same name apart', () => {
    const names = reportOf([aRecord(), aRecord()]).variants.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('escapes whatever a record says, and stays small', async () => {
    const record = aRecord()
    const text = await renderReport([{ ...record, scenario: { ...record.scenario, shows: evil } }])
    expect(text).not.toContain('<img')
    expect(text.length).toBeLessThan(1_500_000)
  })
})

describe.runIf(hasBrowser('the report'))('a report in a browser without a network', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-report-'))
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  it.each([
    ['wide, light', 1_280, 'light'],
    ['narrow, dark', 390, 'dark'],
  ] as const)('opens from disk and draws its curves: %s', { timeout: 60_000 }, async (_, width, colorScheme) => {
    const file = join(folder, `${width}.html`)
    const record = aRecord()
    writeFileSync(file, await renderReport([{ ...record, scenario: { ...record.scenario, shows: evil } }]))
    const context = await browser.newContext({ offline: true, viewport: { width, height: 900 }, colorScheme })
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    await page.goto(pathToFileURL(file).href)
    await page.waitForSelector('html[data-drawn]')
    expect(await page.locator('[id^="chart-"] canvas').count()).toBe(4)
    expect(await page.locator('tr.failed').count()).toBe(3)
    expect(await page.locator('p', { hasText: evil }).count()).toBe(1)
    expect(await page.title()).not.toBe('owned')
    // Nothing is wider than the window: tables scroll in places of their own.
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
    expect(complaints).toEqual([])
    await page.screenshot({ path: join(tmpdir(), `tidegate-report-${width}.png`), fullPage: true })
    await context.close()
  })
})
