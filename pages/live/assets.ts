import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { bundleOf } from '../bundle.ts'
import { liveDocument } from './document.ts'
import type { Message } from './update.ts'

// The page's files, made once.

const styleFiles = [
  createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css'),
  fileURLToPath(new URL('../page.css', import.meta.url)),
  fileURLToPath(new URL('./live.css', import.meta.url)),
]

/** The players' scripts, by the path that the page loads them from. */
const scripts: Readonly<Record<string, string>> = {
  '/player-hls.js': 'live/browser/player-hls.ts',
  '/player-dash.js': 'live/browser/player-dash.ts',
}

/** The page that watches a session; with `recording`, one that replays it and needs no server. */
export async function livePage(recording?: readonly Message[]): Promise<{ html: string; policy: string }> {
  const style = styleFiles.map(file => readFileSync(file, 'utf8')).join('\n')
  return liveDocument({ style, script: await bundleOf('live/page.ts'), recording })
}

export const scriptAt = async (path: string): Promise<string | undefined> =>
  scripts[path] === undefined ? undefined : bundleOf(scripts[path])
