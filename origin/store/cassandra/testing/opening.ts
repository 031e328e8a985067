import { describe, expect, it } from 'vitest'
import { openStore } from '../../open-store.ts'
import { keyspaceStatement } from '../schema.ts'
import { bodyOf, failureOf, keyOf, metaOf } from './bodies.ts'
import { schemasIn, type TestCluster } from './test-cluster.ts'

// What is opened, and what is refused with which words.

const options = { budgetMs: 5_000, keepMs: 60_000 }
/** Made by the first test, and of another version from the last on. */
const together = 'opened_together'

export function describeOpening(cluster: () => TestCluster): void {
  describe('opening', () => {
    it('makes what is not there, also when several origins do so at the same moment', async () => {
      const configs = [1, 2, 3].map(() => cluster().config('eu', together, { eu: 3, us: 1 }))
      const stores = await Promise.all(configs.map(config => openStore(config, options)))
      const body = bodyOf(keyOf(1), 1_000)
      await stores[0]!.put(keyOf(1), body, metaOf(body), 'token')
      for (const store of stores) expect(await store.get(keyOf(1), metaOf(body))).toEqual(body)
      await Promise.all(stores.map(store => store.close()))
    })

    it('says what to check when nobody answers', async () => {
      const nobody = { ...cluster().config('eu', 'cup'), contactPoints: ['127.0.0.1:1'] }
      const failure = await failureOf(openStore(nobody, options))
      expect(failure).toMatchObject({ fault: 'unavailable' })
      expect(failure?.message).toMatch(/127\.0\.0\.1:1.*ECONNREFUSED.*nodes run.*contactPoints/)
    })

    it('names the data centres that there are', async () => {
      const failure = await failureOf(openStore({ ...cluster().config('eu', 'cup'), localDataCentre: 'asia' }, options))
      expect(failure).toMatchObject({ fault: 'unavailable' })
      expect(failure?.message).toMatch(/no data centre asia; it has eu, us/)
    })

    it('wants a keyspace, or how many copies to keep', async () => {
      const failure = await failureOf(openStore(cluster().config('eu', 'nowhere'), options))
      expect(failure).toMatchObject({ fault: 'unavailable' })
      expect(failure?.message).toMatch(/no keyspace nowhere.*replication/)
    })

    it('refuses fewer copies than wanted, and a keyspace without copies here', async () => {
      const { admin } = cluster()
      await admin.execute(keyspaceStatement('copies', { eu: 1 }))
      await expect.poll(() => schemasIn(admin, 'eu'), { timeout: 20_000 }).toHaveLength(1)
      const fewer = await failureOf(openStore(cluster().config('eu', 'copies', { eu: 3 }), options))
      expect(fewer).toMatchObject({ fault: 'schema' })
      expect(fewer?.message).toMatch(/keeps 1 copies in data centre eu.*wants 3.*ALTER KEYSPACE/)
      // Whoever has not heard of it yet says that there is none.
      const none = () => failureOf(openStore(cluster().config('us', 'copies'), options))
      await expect.poll(none, { timeout: 20_000 }).toMatchObject({ fault: 'schema' })
      expect((await none())?.message).toMatch(/no copies in data centre us/)
    })

    it('refuses tables of another version, with the words to migrate', async () => {
      await cluster().admin.execute(`UPDATE ${together}.schema_version SET version = 99 WHERE id = 'tidegate'`)
      const failure = await failureOf(openStore(cluster().config('eu', together), options))
      expect(failure).toMatchObject({ fault: 'schema' })
      expect(failure?.message).toMatch(/schema version 99, this one has 1.*migrate/)
    })
  })
}
