import type { Message, SideUpdate, Update } from './update.ts'

// A short session, made up, for tests of what shows one.

export const evil = '</script><img src=x onerror="document.title=\'owned\'"><!--'

const sideAt = (second: number, policy: string, origin: number): SideUpdate => ({
  policy,
  preset: policy,
  on: policy === 'none' ? [] : ['proxy_cache', 'proxy_cache_lock'],
  players: { wanted: 100, present: Math.min(100, 10 * second) },
  flow: { asked: 10, hits: 8, negative: 0, collapsed: 1, fills: 1, refused: 0 },
  rates: { asked: 50, hits: 40, negative: 0, collapsed: 5, fills: 5, refused: 0, origin },
  fetching: 1,
  joined: 2,
  held: 4,
  waitMs: { p50: 12, p99: 250 },
  totals: { requests: 50 * second, origin: origin * second, stops: 0, early404: 0, wrongBodies: 0, failures: 0 },
  edges: [
    { edge: `${policy}1`, alive: true },
    { edge: `${policy}2`, alive: second % 2 === 0 },
  ],
})

const updateAt = (second: number): Update => ({
  is: 'update',
  atMs: 1_800_000_000_000 + second * 1_000,
  phase: { is: 'running', forMs: second * 1_000, ofMs: 86_400_000 },
  sides: { left: sideAt(second, 'none', 100 + second), right: sideAt(second, 'oca', 4) },
  origin: { alive: true, shedding: false, slowMs: 0, down: false, version: 1, masks: 0, notifications: [] },
  pipelines: [{ pipeline: 'a', troubles: [] }],
  happened: [
    { number: second + 1, atMs: 1_800_000_000_000 + second * 1_000, text: `${second}: ${evil}`, kind: 'event' },
  ],
  followed: {
    side: 'left',
    id: evil,
    steps: [{ afterMs: 0, where: 'player', what: evil }],
  },
  server: { cpuShare: 0.03, updatesPerS: 5 },
})

/** Ten seconds of it; everything that may come from elsewhere is hostile. */
export const aSession = (): Message[] => [
  {
    is: 'opening',
    schema: 'tidegate-demo/1',
    scenario: evil,
    shows: evil,
    event: 'demo',
    playable: true,
    pipelines: ['a'],
    edges: { left: [], right: [] },
    mostPlayers: 5_000,
  },
  ...Array.from({ length: 10 }, (_, second) => updateAt(second)),
]
