import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { loadScenario } from '../../scenarios/load.ts'
import { complaintsOf, hasBrowser, openBrowser } from '../testing/browser.ts'
import { livePage } from './assets.ts'
import { behaviours } from './behaviours.ts'
import { faults } from './faults.ts'
import { Recording, readRecording } from './recording.ts'
import { type Show, type ShowServer, serveShow } from './server.ts'
import { aSession, evil } from './session.fixture.ts'
import { Session, type SessionOptions } from './session.ts'
import { liveShow } from './shows.ts'
import { storySteps } from './story.ts'

// The live page in a real browser, over real processes: an origin, two pipelines, four edges, two fleets.

const folder = mkdtempSync(join(tmpdir(), 'tidegate-live-'))
const players = 20

interface Running {
  readonly show: Show
  readonly server: ShowServer
  readonly recording: Recording
  stop(): Promise<void>
}

async function run(scenario: string, name: string, options: Partial<SessionOptions> = {}): Promise<Running> {
  const recording = new Recording(join(folder, `${name}.ndjson`))
  const session = new Session({
    scenario: loadScenario(scenario),
    policies: { left: 'nginx', right: 'oca' },
    players,
    folder: join(folder, name),
    story: storySteps(40),
    tellsStory: false,
    ...options,
  })
  const show = liveShow(session, recording)
  const server = await serveShow(show, 0)
  session.begin()
  const stop = async (): Promise<void> => {
    await session.end()
    await server.close()
    await recording.close()
  }
  return { show, server, recording, stop }
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page
    .locator(selector)
    .first()
    .textContent()
    .then(text => text ?? '')

/** Resolves when the text at `selector` matches; where it does not in time, the error tells what stood there. */
const says = (page: Page, selector: string, words: RegExp, timeout = 30_000): Promise<void> =>
  page
    .locator(selector, { hasText: words })
    .first()
    .waitFor({ timeout, state: 'attached' })
    .catch(async (error: Error) => {
      const said = await page.locator(selector).allTextContents()
      throw new Error(`${selector} says '${said.join("', '")}' and not ${words}`, { cause: error })
    })

const happens = (page: Page, words: RegExp): Promise<void> => says(page, '#happenings li', words)

/** A button that is pressed, and answered without a word of trouble. */
async function press(page: Page, selector: string): Promise<void> {
  const answered = page.waitForResponse(response => response.url().endsWith('/command'))
  await page.locator(selector).click()
  expect((await answered).status(), selector).toBe(204)
}

describe.runIf(hasBrowser('the live page'))('the live page', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  interface Opened {
    readonly page: Page
    readonly context: BrowserContext
    readonly complaints: string[]
  }

  /** Opens `url` as somebody of their own, until the test is over. */
  async function open(
    { onTestFinished }: TestContext,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    await page.goto(url)
    return { page, context, complaints }
  }

  describe('over a scenario without an end', () => {
    let running: Running
    beforeAll(async () => {
      running = await run('demo', 'endless')
    }, 60_000)
    afterAll(() => running?.stop())

    const openRunning = async (test: TestContext, options: BrowserContextOptions = {}): Promise<Opened> => {
      const opened = await open(test, running.server.url, options)
      await opened.page.waitForSelector('html[data-phase="running"]', { timeout: 60_000 })
      await says(opened.page, '[data-side="right"] [data-field="players"]', new RegExp(`^${players}$`))
      return opened
    }

    // Beside each other: these look on, and change nothing that another one sees.
    describe.concurrent('as several people see it at once', { timeout: 120_000 }, () => {
      it.for(['hls', 'dash'])('plays 20 s through oca without a stall: %s', async (kind, test) => {
        const { page, complaints } = await openRunning(test)
        expect(page.url(), 'the token is not left in the address').not.toContain('token')
        await page.locator('#player-kind').selectOption(kind)
        await page.keyboard.press('Escape')
        await page.locator('body').press('p')
        await says(page, '[data-player="status"]', /^playing$/)
        const fromS = Number(await page.evaluate('document.querySelector("video").currentTime'))
        await press(page, '[data-fault="notify"]')
        const playedS = async () => Number(await page.evaluate('document.querySelector("video").currentTime')) - fromS
        await test.expect.poll(playedS, { timeout: 60_000, interval: 500 }).toBeGreaterThanOrEqual(20)
        expect(await textOf(page, '[data-player="stalls"]')).toBe('0, 0 ms')
        expect(await textOf(page, '[data-player="latency"]')).toMatch(/^\d+\.\d s$/)
        expect(await textOf(page, '[data-player="pipeline"]')).toMatch(/^[ab]$/)
        expect(await textOf(page, '[data-player="cache"]')).toMatch(/hit|fwd/)
        await says(page, '[data-player="notifications"] li', /ad-break: a word from our sponsors/)
        expect(complaints).toEqual([])
      })

      it('follows one request from the player to the origin and back', async test => {
        const { page, complaints } = await openRunning(test)
        await page.locator('body').press('f')
        await says(page, '#followed li', /means to ask for .*\.m4s/)
        const steps = await page.locator('#followed li').allInnerTexts()
        expect(steps.join('\n')).toMatch(/right1[\s\S]*arrives: /)
        // The edge may note its end a moment after the player has it.
        expect(steps.join('\n')).toMatch(/player\s+has the last byte, \d{3,} bytes in all/)
        expect(complaints).toEqual([])
      })

      it.for([
        ['wide, light', 1_280, 'light', 'no-preference'],
        ['narrow, dark, still', 390, 'dark', 'reduce'],
      ] as const)(
        'fits its window, and moves only where that is wanted: %s',
        async ([, width, colorScheme, reducedMotion], test) => {
          const { page, complaints } = await openRunning(test, {
            viewport: { width, height: 900 },
            colorScheme,
            reducedMotion,
          })
          expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
          expect(await page.locator('canvas.flow').first().isVisible()).toBe(reducedMotion === 'no-preference')
          // Every mark has its word and number, and every control its name.
          expect(await page.locator('[data-side="left"] .marks li').allInnerTexts()).toHaveLength(6)
          const unnamed = 'button:not(:has-text(""))'
          expect(await page.locator(unnamed).count()).toBe(0)
          await page.locator('body').press('?')
          await page.waitForSelector('dialog[open]')
          await page.keyboard.press('Escape')
          await page.screenshot({ path: join(tmpdir(), `tidegate-live-${width}.png`), fullPage: true })
          expect(complaints).toEqual([])
        },
      )

      it('saves the session as one file that needs no server', async test => {
        const { page, context } = await openRunning(test)
        await test.expect
          .poll(() => readRecording(running.recording.file).length, { timeout: 30_000 })
          .toBeGreaterThan(20)
        const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[download]').click()])
        const file = join(folder, 'saved.html')
        await download.saveAs(file)
        await context.close()
        const { page: saved } = await open(test, pathToFileURL(file).href, { offline: true })
        await says(saved, '[data-field="phase"]', /a recording/)
        await says(saved, '[data-side="left"] [data-field="policy"]', /nginx|none|oca/)
      })
    })

    it('has a switch for every behaviour, which acts on the running edges', { timeout: 120_000 }, async test => {
      const { page, complaints } = await openRunning(test)
      for (const side of ['left', 'right']) {
        await page.locator(`[data-side="${side}"] summary`).click()
        for (const { name } of behaviours) {
          const button = page.locator(`[data-side="${side}"] [data-behaviour="${name}"]`)
          const turned = (await button.getAttribute('aria-checked')) === 'true' ? 'false' : 'true'
          await press(page, `[data-side="${side}"] [data-behaviour="${name}"]`)
          // What is shown is what the edge's own policy says.
          await page.waitForSelector(`[data-side="${side}"] [data-behaviour="${name}"][aria-checked="${turned}"]`, {
            state: 'attached',
          })
        }
        await says(page, `[data-side="${side}"] h2`, /changed/)
      }
      for (const [key, side, preset] of [
        ['1', 'left', 'none'],
        ['3', 'left', 'oca'],
        ['8', 'right', 'none'],
        ['0', 'right', 'oca'],
        ['2', 'left', 'nginx'],
      ] as const) {
        await page.locator('body').press(key)
        await page.waitForSelector(`[data-side="${side}"] [data-preset="${preset}"][aria-pressed="true"]`)
      }
      expect(complaints).toEqual([])
    })

    it('breaks everything that can be broken, and one key makes it whole', { timeout: 180_000 }, async test => {
      const { page, complaints } = await openRunning(test)
      const effects: Partial<Record<(typeof faults)[number]['name'], readonly [string, RegExp]>> = {
        'raise-version': ['[data-field="origin-state"]', /version 2/],
        mask: ['[data-field="origin-state"]', /1 masked/],
        shed: ['[data-field="origin-state"]', /sheds DVR/],
        'lose-pipeline': ['[data-field="pipelines"]', /a: ▲ .*lost/],
        defects: ['[data-field="pipelines"]', /a: ▲ .*defective/],
        'late-publish': ['[data-field="pipelines"]', /b: ▲ .*late/],
        'torn-puts': ['[data-field="pipelines"]', /a: ▲ .*tear/],
        'origin-slow': ['[data-field="origin-state"]', /400 ms slower/],
        'origin-down': ['[data-field="origin-state"]', /refuses everything/],
        notify: ['#happenings li', /notification \d+: ad-break/],
        'kill-origin': ['#happenings li', /the origin is back/],
        'restart-edge': ['[data-side="right"] [data-field="edges"]', /right1 ▲ is down/],
      }
      const inTurn = [
        'raise-version',
        'mask',
        'invalidate',
        'notify',
        'shed',
        'lose-pipeline',
        'defects',
        'late-publish',
        'torn-puts',
        'origin-slow',
        'origin-down',
        'flush',
        'restart-edge',
        'kill-origin',
      ] as const
      expect([...inTurn].sort()).toEqual(faults.map(({ name }) => name).sort())
      for (const name of inTurn) {
        const fault = faults.find(one => one.name === name)
        const buttons = fault?.ofSide
          ? `[data-command*='"${name}"'][data-command*='"right"']`
          : `[data-fault="${name}"]`
        await press(page, buttons)
        await happens(page, new RegExp(`^\\d.*${fault?.label}`))
        const effect = effects[name]
        if (effect) await says(page, ...effect)
      }
      await happens(page, /edge right1 is back, with nothing stored/)
      await page.locator('body').press('+')
      await says(page, '[data-field="wanted"]', /^50$/)
      await page.locator('body').press('r')
      await happens(page, /everything is as it was/)
      await says(page, '[data-field="origin-state"]', /^sound/)
      await says(page, '[data-field="pipelines"]', /^a: sound; b: sound$/)
      await says(page, '[data-field="wanted"]', new RegExp(`^${players}$`))
      await says(page, '[data-side="left"] [data-field="policy"]', /^nginx$/)
      await says(page, '[data-side="right"] [data-field="policy"]', /^oca$/)
      await says(page, '[data-side="right"] [data-field="edges"]', /^right1 lives, right2 lives$/)
      expect(complaints).toEqual([])
    })

    it('tells the story, step by step or by itself', { timeout: 90_000 }, async test => {
      const { page, complaints } = await openRunning(test)
      await page.locator('body').press('s')
      await says(page, '[data-story="title"]', /One viewer/)
      await says(page, '[data-field="wanted"]', /^1$/)
      await page.locator('body').press(' ')
      await says(page, '[data-story="place"]', /waits for you/)
      await page.locator('body').press('ArrowRight')
      await says(page, '[data-story="title"]', /40 viewers, no cache/)
      await says(page, '[data-side="left"] [data-field="players"]', /^40$/)
      await page.locator('body').press('ArrowRight')
      await says(page, '[data-side="left"] [data-field="policy"]', /^nginx$/)
      await page.locator('body').press('ArrowLeft')
      await says(page, '[data-story="title"]', /no cache/)
      await page.locator('body').press(' ')
      await says(page, '[data-story="place"]', /goes on in/)
      await page.locator('body').press('s')
      await page.waitForSelector('#story', { state: 'hidden' })
      await page.locator('body').press('r')
      await happens(page, /everything is as it was/)
      expect(complaints).toEqual([])
    })

    it('says that the connection is lost, and comes back', { timeout: 60_000 }, async test => {
      const { page, context } = await openRunning(test)
      // What is open stays open for a browser that goes offline: the stream ends, and cannot be had again.
      await context.setOffline(true)
      running.show.streams.close()
      await says(page, '[data-field="phase"]', /the connection is lost/)
      await context.setOffline(false)
      await says(page, '[data-field="phase"]', /^running/)
    })
  })

  it('shows the end of a scenario with its own actions, and runs it again', { timeout: 120_000 }, async test => {
    const running = await run('smoke', 'ending')
    try {
      const { page, complaints } = await open(test, running.server.url)
      await says(page, '[data-player="status"]', /no real media/, 60_000)
      await happens(page, /notification 1: ad-break/)
      await says(page, '[data-field="pipelines"]', /a: ▲ defective/)
      await says(page, '[data-field="phase"]', /the scenario has ended/)
      await page.locator('body').press('Enter')
      await says(page, '[data-field="phase"]', /^running, \d:\d\d of 0:05/)
      expect(complaints).toEqual([])
    } finally {
      await running.stop()
    }
  })

  it('says why a scenario failed', { timeout: 60_000 }, async test => {
    const running = await run('smoke', 'failing', { policies: { left: 'oca', right: 'no-such-policy' } })
    try {
      const { page } = await open(test, running.server.url)
      await says(page, '[data-field="phase"]', /it failed: there is no policy 'no'/)
      expect(await page.locator('[data-field="start"]').isVisible()).toBe(true)
    } finally {
      await running.stop()
    }
  })

  it('replays a hostile recording offline, by keyboard', { timeout: 60_000 }, async test => {
    const file = join(folder, 'hostile.html')
    writeFileSync(file, (await livePage(aSession())).html)
    const alone = { offline: true, reducedMotion: 'reduce' } as const
    const { page, complaints } = await open(test, pathToFileURL(file).href, alone)
    await says(page, '#happenings li', /0: /)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await says(page, '[data-field="phase"]', /the recording has ended/)
    expect(await textOf(page, '[data-side="left"] [data-field="origin"]')).toBe('109')
    expect(await textOf(page, '#followed li')).toContain(evil)
    expect(await page.locator('#happenings li').count()).toBe(10)
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.title()).toBe('Tidegate, live')
    expect(complaints).toEqual([])
  })
})
