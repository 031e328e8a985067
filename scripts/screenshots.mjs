// The pictures of the README, made anew: the live page, wide and narrow, the report of a storm, and its playground.
// usage: node scripts/screenshots.mjs [live|report]
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openBrowser } from '../pages/testing/browser.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const docs = join(root, 'docs')
const wanted = process.argv[2]
const folder = mkdtempSync(join(tmpdir(), 'tidegate-screenshots-'))
const browser = await openBrowser()
try {
  if (wanted !== 'report') await live()
  if (wanted !== 'live') await report()
} finally {
  await browser.close()
  rmSync(folder, { recursive: true })
}

/** No cache beside all of oca, with a crowd that has been there for a while. */
async function live() {
  const flags = ['--left', 'none', '--players', '200', '--port', '0', '--record', join(folder, 'session.ndjson')]
  const demo = tidegate('demo', ...flags)
  const ended = new Promise(done => demo.once('exit', done))
  try {
    const address = await firstLine(demo, /^demo: (\S+)/)
    const wide = await open(address, { viewport: { width: 1_280, height: 1_000 } })
    await wide.waitForSelector('html[data-phase="running"]', { timeout: 60_000 })
    await wide.locator('[data-side="left"] [data-field="players"]', { hasText: /^200$/ }).waitFor()
    // The curve needs some seconds of what it shows.
    await wide.waitForTimeout(20_000)
    await wide.screenshot({ path: join(docs, 'live.png') })
    const narrow = await open(address, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
    await narrow.locator('[data-side="left"] [data-field="players"]', { hasText: /^200$/ }).waitFor()
    await narrow.waitForTimeout(3_000)
    await narrow.screenshot({ path: join(docs, 'live-narrow.png') })
  } finally {
    demo.kill('SIGINT')
    await ended
  }
}

async function report() {
  const run = tidegate('run', 'kickoff', '--no-log', '--quiet', '--out', folder)
  await new Promise(done => run.once('exit', done))
  const [of] = readdirSync(folder).filter(name => name.endsWith('-kickoff'))
  const page = join(folder, 'report.html')
  const made = tidegate('report', join(folder, of, 'record.json'), '--html', page)
  await new Promise(done => made.once('exit', done))
  const shown = await open(pathToFileURL(page).href, { viewport: { width: 1_280, height: 1_000 } })
  await shown.waitForSelector('html[data-drawn]')
  await shown.screenshot({ path: join(docs, 'report.png') })
  const free = shown.locator('#part-free')
  await free.scrollIntoViewIfNeeded()
  await shown.waitForSelector('#part-free[data-state="over"]', { timeout: 60_000 })
  // Its replay needs some seconds to be in the middle of the storm.
  await shown.waitForTimeout(4_000)
  await free.screenshot({ path: join(docs, 'playground.png') })
}

function tidegate(...args) {
  return spawn(process.execPath, [join(root, 'cli/tidegate.mjs'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstLine(child, pattern) {
  for await (const line of createInterface({ input: child.stdout })) {
    const found = pattern.exec(line)
    if (found) return found[1]
  }
  throw new Error('tidegate demo ended before it said where its page is')
}

async function open(url, options) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.goto(url)
  return page
}
