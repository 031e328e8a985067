import { afterAll, beforeAll, describe } from 'vitest'
import { openStore } from '../open-store.ts'
import { describeStore } from '../store-contract.ts'
import { emptyKeyspace, startTestCluster, startWithinMs, type TestCluster, whyAbsent } from './cluster.fixture.ts'

// The store on one real node: the contract, and what is refused.

const keyspace = 'tidegate_test'
let cluster: TestCluster
const config = () =>
  ({
    is: 'cassandra',
    contactPoints: [...cluster.service.contactPoints('eu')],
    localDataCentre: 'eu',
    keyspace,
    replication: { eu: 1 },
  }) as const

describe.skipIf((await whyAbsent()) !== undefined)('Cassandra, one node', () => {
  beforeAll(async () => {
    cluster = await startTestCluster({ eu: 1 })
  }, startWithinMs)
  afterAll(() => cluster.stop())

  describeStore('cassandra', async () => {
    await emptyKeyspace(cluster.admin, keyspace)
    return await openStore(config(), { budgetMs: 5_000, keepMs: 60_000 })
  })
})
