import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadScenario } from '../../scenarios/load.ts'
import { simulateScenario } from '../../sim/node/simulate-scenario.ts'
import { renderReport } from '../report/report.ts'
import { complaintsOf, hasBrowser, openBrowser } from '../testing/browser.ts'
import { sections } from './sections.ts'

// The playground as a reader meets it: from a disk, without a network, in both schemes and widths, by keyboard.

const parts = [...sections.map(({ name }) => name), 'measured']

describe.runIf(hasBrowser('the playground'))('the playground on its page', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-playground-page-'))
  const file = join(folder, 'report.html')
  let browser: Browser

  beforeAll(async () => {
    const scenario = loadScenario('smoke')
    const { record } = await simulateScenario(scenario, { out: null })
    // As if it had been measured, so that its points are told from simulated ones.
    writeFileSync(file, await renderReport([{ ...record, world: 'real' }], () => scenario))
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  /** `fragment`: what the address says behind the file. */
  async function open(options: BrowserContextOptions = {}, fragment = '') {
    const context = await browser.newContext({ offline: true, viewport: { width: 1_280, height: 900 }, ...options })
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    await page.goto(pathToFileURL(file).href + fragment)
    await page.waitForSelector('#playground[data-ready]')
    return { page, complaints, close: () => context.close() }
  }

  /** Comes to `part`, which is simulated once a reader sees it, and waits for its end. */
  async function over(page: Page, part: string): Promise<void> {
    await page.locator(`#part-${part}`).scrollIntoViewIfNeeded()
    await page.waitForSelector(`#part-${part}[data-state="over"]`, { timeout: 60_000 })
  }
  const says = (page: Page, part: string) => page.locator(`#part-${part} [data-field="says"]`)

  it('is one file of under 1.5 MB', () => {
    expect(statSync(file).size).toBeLessThan(1_500_000)
  })

  it('tells the whole story, wide and light as narrow and dark', async () => {
    const { page, complaints, close } = await open({ colorScheme: 'light' })
    for (const [width, colorScheme] of [
      [1_280, 'light'],
      [390, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      for (const part of parts) {
        await over(page, part)
        expect(await says(page, part).textContent()).toMatch(/\d/)
        // What is drawn stands there in numbers, too.
        const cells = part === 'measured' ? 4 : 3
        expect(await page.locator(`#part-${part} [data-field="table"] td`).count()).toBeGreaterThanOrEqual(cells)
        await page
          .locator(`#part-${part}`)
          .screenshot({ path: join(tmpdir(), `tidegate-${part}-${width}-${colorScheme}.png`) })
      }
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
    }
    expect(complaints).toEqual([])
    await close()
  })

  it('puts what was measured beside the curve, and they are the same where the record is a simulation', async () => {
    const { page, close } = await open()
    await over(page, 'measured')
    const rows = await page.locator('#part-measured [data-field="table"] tbody td:last-child').allTextContents()
    expect(rows).toEqual(loadScenario('smoke').policies.map(() => '0 %'))
    await close()
  })

  it('is moved by the keyboard, and the storm follows', async () => {
    const { page, complaints, close } = await open({ viewport: { width: 390, height: 900 }, colorScheme: 'dark' })
    await over(page, 'one-edge-asks')
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
    expect(await says(page, 'one-edge-asks').textContent()).toContain('the origin was asked once')
    await page.locator('#one-edge-asks-edges').focus()
    await page.keyboard.press('ArrowRight')
    await page.locator('#one-edge-asks-designatedFill').focus()
    await page.keyboard.press('Space')
    await over(page, 'one-edge-asks')
    expect(await says(page, 'one-edge-asks').textContent()).toContain('the origin was asked 4 times')
    const command = await page.locator('#part-one-edge-asks [data-field="command"]').textContent()
    expect(command).toContain('"edges":4')
    expect(command).toContain('--policy oca-designatedFill')
    expect(await page.locator('#one-edge-asks-edges').getAttribute('aria-valuetext')).toBe('4')
    expect(complaints).toEqual([])
    await close()
  })

  it('keeps the free storm in its address, switches and all', async () => {
    const first = await open({}, '#play?viewers=50')
    await over(first.page, 'free')
    await first.page.locator('#part-free .behaviours summary').click()
    await first.page.locator('#free-wakeOnFill').uncheck()
    await first.page.locator('#free-edges').focus()
    await first.page.keyboard.press('ArrowRight')
    await over(first.page, 'free')
    const command = await first.page.locator('#part-free [data-field="command"]').textContent()
    const told = await says(first.page, 'free').textContent()
    const fragment = new URL(first.page.url()).hash
    await first.close()

    const second = await open({}, fragment)
    await over(second.page, 'free')
    expect(command).toContain('--policy oca-wakeOnFill+lockPollMs=500')
    expect(await second.page.locator('#part-free [data-field="command"]').textContent()).toBe(command)
    // But for how long it took.
    const counted = (text: string | null) => text?.replace(/Simulated in .*/, '')
    expect(counted(await says(second.page, 'free').textContent())).toBe(counted(told))
    await second.close()
  })

  it('takes the behaviours of another preset, and none of what was set before', async () => {
    const { page, close } = await open({}, '#play?viewers=50')
    await over(page, 'free')
    await page.locator('#free-preset').selectOption('none')
    await over(page, 'free')
    expect(await page.locator('#part-free [data-field="command"]').textContent()).toContain(
      '--policy none --players 50',
    )
    expect(await page.locator('#free-proxy_cache').isChecked()).toBe(false)
    await close()
  })

  it('drops a storm that nobody looks for any more', async () => {
    const { page, complaints, close } = await open({}, '#play?viewers=100000')
    await page.waitForSelector('#part-free[data-done-ms]')
    await page.locator('#free-viewers').focus()
    await page.keyboard.press('Home')
    await over(page, 'free')
    expect(await says(page, 'free').textContent()).toMatch(/^1 viewers? sent/)
    expect(complaints).toEqual([])
    await close()
  })

  it('stands still for who wants no motion, and still counts', async () => {
    const { page, close } = await open({ reducedMotion: 'reduce' }, '#play?viewers=200')
    await over(page, 'free')
    const clock = page.locator('#part-free [data-field="clock"]')
    await clock.filter({ hasText: /^\d/ }).waitFor()
    const before = (await clock.textContent()) as string
    await clock.filter({ hasNotText: before }).waitFor()
    expect(await page.locator('#part-free [data-field="flow"]').isVisible()).toBe(false)
    expect(await page.locator('#part-free [data-field="now-viewers"]').textContent()).toMatch(/\d/)
    await close()
  })

  it('says so when a storm cannot be simulated', async () => {
    const { page, close } = await open()
    await page.evaluate(`document.querySelector('#a-fault-fault').add(new Option('gone', 'gone'))`)
    await page.locator('#a-fault-fault').selectOption('gone')
    await page.waitForSelector('#part-a-fault[data-state="failed"]')
    expect(await says(page, 'a-fault').textContent()).toContain("the page has no scenario 'gone'")
    await close()
  })
})
