import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'cassandra-driver'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAlive, pidLeftBy } from '../outlived.fixture.ts'
import { AbsentError, ServiceError } from '../service.ts'
import { claimAddresses } from './addresses.ts'
import { type CassandraNode, type CassandraService, findCassandra, startCassandra } from './cassandra.ts'
import { Node } from './node.ts'

// That real nodes start, answer and leave nothing behind. That they come back with what they acknowledged is held by the
// store's tests, over a larger cluster (origin/store/cassandra/testing).

const absent = await findCassandra().then(
  () => undefined,
  error => {
    if (!(error instanceof AbsentError)) throw error
    process.stderr.write(`NOT TESTED: ${error.message}\n`)
    return error.message
  },
)
const startWithinMs = 200_000
const poll = { timeout: 60_000, interval: 100 }
/** Of no cluster's block. */
const lateAddress = '127.0.63.98'

const folder = mkdtempSync(join(tmpdir(), 'tidegate-cassandra-service-'))
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }))

describe.skipIf(absent !== undefined)('a Cassandra cluster', () => {
  let cluster: CassandraService
  const ask = async (statement: string) => {
    const client = new Client({ contactPoints: [...cluster.contactPoints('eu')], localDataCenter: 'eu' })
    try {
      return (await client.execute(statement)).rows
    } finally {
      await client.shutdown()
    }
  }
  beforeAll(async () => {
    cluster = await startCassandra({ folder: join(folder, 'one'), dataCentres: { eu: 1 } })
  }, startWithinMs)
  afterAll(() => cluster.stop())

  it('answers where it says, in the data centre that it was given', async () => {
    expect(cluster.nodes).toMatchObject([{ name: 'eu1', dataCentre: 'eu', alive: true }])
    expect(await ask('SELECT data_center, rack FROM system.local')).toMatchObject([
      { data_center: 'eu', rack: 'zone1' },
    ])
  })

  it('names the nodes that there are', async () => {
    await expect(cluster.kill('eu7')).rejects.toThrow('there is no node eu7; there are eu1')
  })

  it(
    'does not forget a node that takes long to join',
    async () => {
      // On its way into the ring, as every node is while it starts, and never there.
      const { java, jars } = await findCassandra()
      const late = join(folder, 'late')
      const neverJoins = join(folder, 'java-that-never-joins')
      writeFileSync(neverJoins, `#!/bin/sh\nexec '${java}' -Dcassandra.join_ring=false "$@"\n`, { mode: 0o755 })
      const [known] = cluster.nodes as [CassandraNode]
      const plan = { name: 'us1', address: lateAddress, dataCentre: 'us', rack: 'zone1', token: 1n, folder: late }
      const node = new Node(plan, { java: neverJoins, jars, seeds: [known.address, lateAddress] })
      const heartbeat = async (address: string) => {
        const rows = await ask('SELECT address, heartbeat FROM system_views.gossip_info')
        return rows.find(row => String(row.address) === address)?.heartbeat as number | undefined
      }
      const running = await node.start()
      try {
        await running.whenReady(expect.poll(() => heartbeat(lateAddress), poll).toBeDefined())
        running.hang()
        // A heartbeat a second: by the third one the silence has been noticed twice.
        const before = (await heartbeat(known.address)) as number
        await expect.poll(() => heartbeat(known.address), poll).toBeGreaterThanOrEqual(before + 3)
        expect(await heartbeat(lateAddress)).toBeDefined()
      } finally {
        await running.kill()
      }
    },
    startWithinMs,
  )

  it('leaves nothing behind when its start is given up, or its parent is killed', async () => {
    const given = new AbortController()
    const start = startCassandra({
      folder: join(folder, 'given-up'),
      dataCentres: { eu: 1 },
      signal: given.signal,
      tell: () => setTimeout(() => given.abort(new ServiceError('given up')), 500),
    })
    await expect(start).rejects.toThrow('given up')

    const pid = await pidLeftBy(`
      import { Node } from ${JSON.stringify(join(import.meta.dirname, 'node.ts'))}
      import { findCassandra } from ${JSON.stringify(join(import.meta.dirname, 'cassandra.ts'))}
      const plan = { name: 'eu1', address: '127.0.63.99', dataCentre: 'eu', rack: 'zone1', token: 0n, folder: ${JSON.stringify(join(folder, 'orphan'))} }
      const { pid } = await new Node(plan, { ...(await findCassandra()), seeds: ['127.0.63.99'] }).start()
      console.log(pid)
      setInterval(() => {}, 1000)`)
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
  }, 60_000)

  it('refuses what it cannot start, with words', async () => {
    const start = (options: object) => startCassandra({ folder, dataCentres: { eu: 1 }, ...options })
    await expect(start({ dataCentres: { eu: 0 } })).rejects.toThrow(/1 to 9 nodes/)
    await expect(start({ dataCentres: { 'e u': 1 } })).rejects.toThrow(/lower-case letters/)
    await expect(start({ folder: join(folder, 'a b') })).rejects.toThrow(
      /a b\/eu1 cannot stand in Cassandra's configuration/,
    )
  })
})

describe('addresses of clusters', () => {
  it('are never those of another cluster, and free again when it has gone', async () => {
    const [first, second] = [await claimAddresses([3, 1]), await claimAddresses([3, 1])]
    expect(first.address(0, 0)).not.toBe(second.address(0, 0))
    expect(first.address(1, 0)).toBe(first.address(0, 0).replace('.11', '.21'))
    await first.release()
    const third = await claimAddresses([1])
    expect(third.address(0, 0)).toBe(first.address(0, 0))
    await Promise.all([second.release(), third.release()])
  })
})
