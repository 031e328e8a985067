import { expect, it } from 'vitest'
import { benchFleet } from './fleet.ts'

it('drives players, verifies their bodies and gives the figures (how many hold is the machine’s business)', async () => {
  const told: string[] = []
  const times = { rampMs: 200, settleMs: 300, measureMs: 1_000 }
  const options = { bodyBytes: 10_000, players: 20, maxPlayers: 20, longestMs: 0, ...times }
  const figures = await benchFleet(options, line => told.push(line))
  expect(Object.keys(figures)).toEqual(['players_per_core', 'lag_ms_p99', 'client_cpu_share', 'verified_bodies'])
  expect([0, 20]).toContain(figures.players_per_core)
  const verified = /^20 players: .*, ([0-9]+) bodies verified$/.exec(told[0] ?? '')?.[1]
  expect(Number(verified)).toBeGreaterThanOrEqual(5)
})
