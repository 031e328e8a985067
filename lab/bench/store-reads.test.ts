import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { MemoryStore } from '../../origin/store/memory.ts'
import { openStore } from '../../origin/store/open-store.ts'
import { compareReads, prepareReads } from './store-reads.ts'

it('compares what stores give, in interleaved turns, and does not count wrong answers', async () => {
  const load = { bodyBytes: 300_000, bodies: 4, inFlight: 2, turnMs: 30 }
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'))
  const memory = new MemoryStore()
  const lsm = await openStore({ is: 'lsm', folder }, { budgetMs: 10_000, keepMs: 1e9 })
  const stores = new Map([
    ['memory', await prepareReads(memory, load)],
    ['lsm', await prepareReads(lsm, load)],
  ])
  const rates = await compareReads(stores, 2)
  for (const name of ['memory', 'lsm']) {
    expect(rates.get(name)?.gbitPerS).toBeGreaterThan(0)
    expect(rates.get(name)?.cpuMsPerGb).toBeGreaterThan(0)
  }
  memory.get = async () => new Uint8Array(7)
  await expect(compareReads(stores, 1)).rejects.toThrow('came with 7 bytes')
  await lsm.close()
  rmSync(folder, { recursive: true })
})
