import { afterAll, beforeAll, describe } from 'vitest'
import { openStore } from '../open-store.ts'
import { describeStore } from '../store-contract.ts'
import { describeLosses } from './testing/losses.ts'
import { describeOpening } from './testing/opening.ts'
import { describeRegions } from './testing/regions.ts'
import { emptyKeyspace, startTestCluster, startWithinMs, type TestCluster, whyAbsent } from './testing/test-cluster.ts'
import { describeWholeness } from './testing/wholeness.ts'

// The store on a real cluster: three nodes in one region, one in the other. One cluster for all tests, because a start
// costs 5 s of CPU a node; each group has a keyspace of its own, and leaves every node running.

const contract = 'contract'
let cluster: TestCluster
const contractConfig = () => cluster.config('eu', contract, { eu: 3, us: 1 })
const contractOptions = { budgetMs: 5_000, keepMs: 60_000 }

describe.skipIf((await whyAbsent()) !== undefined)('Cassandra', () => {
  beforeAll(async () => {
    cluster = await startTestCluster({ eu: 3, us: 1 })
    // Made here, where there is time: each test of the contract opens it again.
    await (await openStore(contractConfig(), contractOptions)).close()
  }, startWithinMs)
  afterAll(() => cluster.stop())

  const open = () => openStore(contractConfig(), contractOptions)
  const openEmpty = async () => {
    await emptyKeyspace(cluster.admin, contract)
    return await open()
  }
  describeStore('cassandra', openEmpty, { reopen: open, config: contractConfig, killRounds: 6 })
  describeOpening(() => cluster)
  describeWholeness(() => cluster)
  describeLosses(() => cluster)
  describeRegions(() => cluster)
})
