import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { loadScenario } from '../../scenarios/load.ts'
import { simulateScenario } from '../../sim/node/simulate-scenario.ts'
import { renderReport } from '../report/report.ts'
import { hasBrowser, openBrowser } from '../testing/browser.ts'

// What the playground costs who looks at it: frames a second in a headless browser without a graphics processor while
// 100,000 viewers (or as many as are named) are simulated, how fast that goes, and how large the file is.
// usage: node pages/bench/playground.ts [VIEWERS]

const viewers = Number(process.argv[2] ?? 100_000)
/** Long enough for the fleet to come, which is the liveliest time, and short enough for a bench. */
const measuredMs = 15_000

if (!hasBrowser('the playground')) process.exit(1)
const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-playground-'))
const file = join(folder, 'report.html')
const scenario = loadScenario('kickoff')
const { record } = await simulateScenario(scenario, { out: null })
writeFileSync(file, await renderReport([record], () => scenario))
const browser = await openBrowser()
try {
  const context = await browser.newContext({ offline: true, viewport: { width: 1_280, height: 900 } })
  const figures = await measure(await context.newPage())
  process.stdout.write(`${JSON.stringify({ bench: 'playground', figures })}\n`)
} finally {
  await browser.close()
  rmSync(folder, { recursive: true })
}

async function measure(page: Page): Promise<Record<string, number>> {
  await page.goto(`${pathToFileURL(file).href}#play?viewers=${viewers}&preset=oca&sites=2&edges=2`)
  await page.waitForSelector('#part-free[data-done-ms]', { timeout: 120_000 })
  // As text, because it runs there: each frame's instant, and how far the storm is at both ends.
  const seen = (await page.evaluate(`new Promise(done => {
    const part = document.getElementById('part-free')
    const simulated = () => Number(part.dataset.doneMs)
    const frames = []
    const fromMs = performance.now()
    const simulatedFromMs = simulated()
    const frame = () => {
      frames.push(performance.now())
      const isOver = part.dataset.state !== 'running' || performance.now() - fromMs >= ${measuredMs}
      if (isOver) done({ frames, simulatedMs: simulated() - simulatedFromMs, state: part.dataset.state })
      else requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  })`)) as { frames: number[]; simulatedMs: number; state: string }
  if (seen.state === 'failed')
    throw new Error((await page.textContent('#part-free [data-field="says"]')) ?? 'it failed')
  const { frames, simulatedMs } = seen
  const tookMs = (frames.at(-1) ?? 0) - (frames[0] ?? 0)
  const gaps = frames.slice(1).map((at, i) => at - (frames[i] as number))
  const rounded = (value: number) => Number(value.toFixed(3))
  return {
    playground_frames_per_s: rounded((gaps.length * 1_000) / tookMs),
    playground_frame_gap_ms_max: rounded(Math.max(...gaps)),
    playground_viewers: viewers,
    playground_sim_seconds_per_s: rounded(simulatedMs / tookMs),
    report_bytes: statSync(file).size,
  }
}
