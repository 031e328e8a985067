import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openStore } from '../open-store.ts'
import { describeStore } from '../store-contract.ts'
import { LsmStore } from './lsm-store.ts'

const root = mkdtempSync(join(tmpdir(), 'tidegate-lsm-'))
afterAll(() => rmSync(root, { recursive: true }))
const options = { budgetMs: 10_000, keepMs: 1e12 }
let folders = 0
const folder = () => join(root, `${folders}`)

describeStore(
  'lsm',
  async limitBytes => {
    folders++
    return limitBytes === undefined
      ? openStore({ is: 'lsm', folder: folder() }, options)
      : LsmStore.open({ ...options, folder: folder(), limitBytes })
  },
  {
    reopen: () => openStore({ is: 'lsm', folder: folder() }, options),
    config: () => ({ is: 'lsm', folder: folder() }),
  },
)
