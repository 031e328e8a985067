import { MemoryStore } from './memory.ts'
import { describeStore } from './store-contract.ts'

describeStore('memory', async limitBytes => new MemoryStore(limitBytes))
