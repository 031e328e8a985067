import { bundleOf, type PageEntry } from '../bundle.ts'
import { liveDocument } from './document.ts'
import type { Message } from './update.ts'

// The page's files.

/** The players' scripts, by the path that the page loads them from. */
const scripts: Readonly<Record<string, PageEntry>> = {
  '/player-hls.js': 'live/browser/player-hls.ts',
  '/player-dash.js': 'live/browser/player-dash.ts',
}

/** The page that watches a session; with `recording`, one that replays it and needs no server. */
export async function livePage(recording?: readonly Message[]): Promise<{ html: string; policy: string }> {
  const [style, script] = await Promise.all([bundleOf('live/page.css'), bundleOf('live/page.ts')])
  return liveDocument({ style, script, recording })
}

export async function scriptAt(path: string): Promise<string | undefined> {
  const entry = scripts[path]
  return entry && bundleOf(entry)
}
