import { writeSync } from 'node:fs'
import { openStore } from '../open-store.ts'
import { storeConfigSchema } from '../store-config.ts'
import { toldCandidate } from './told-candidates.ts'

// A process that writes into a store until it is killed, `inFlight` candidates at a time, and says which number was
// acknowledged, a line for each, in the same turn. Arguments: the store's configuration as JSON, seed, first number,
// how many at a time.

const [config = '', seed = '', first = '', inFlight = ''] = process.argv.slice(2)
const store = await openStore(storeConfigSchema.parse(JSON.parse(config)), { budgetMs: 10_000, keepMs: 1e12 })
let next = Number(first)
writeSync(1, 'open\n')

async function write(): Promise<never> {
  for (;;) {
    const number = next++
    const { key, body, meta } = toldCandidate(Number(seed), number)
    await store.put(key, body, meta, meta.etag)
    writeSync(1, `${number}\n`)
  }
}

await Promise.all(Array.from({ length: Number(inFlight) }, write))
