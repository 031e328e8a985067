import { setTimeout as pause } from 'node:timers/promises'
import { Client, policies, types } from 'cassandra-driver'
import { ServiceError } from '../service.ts'
import { nativePort } from './addresses.ts'
import type { Node } from './node.ts'

// When a cluster is ready: every living node answers, takes every other living node for alive, and all have the same
// schema. A port that is open says none of that.

/** A start takes 5 s of CPU; four nodes on two busy cores have needed 40 s. */
const readyWithinMs = 180_000
const lookEveryMs = 100
const connectTimeoutMs = 2_000

/** Resolves when `nodes` are ready. Throws ServiceError when that takes too long, the reason when `signal` aborts. */
export async function untilReady(nodes: readonly Node[], ring: readonly Node[], signal?: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(readyWithinMs)
  const end = signal ? AbortSignal.any([signal, deadline]) : deadline
  const clients = new Map(nodes.map(node => [node, clientOf(node)]))
  try {
    let doubt: string | undefined = 'nothing was asked yet'
    while (doubt !== undefined) {
      if (signal?.aborted) throw signal.reason
      if (end.aborted) throw new ServiceError(`Cassandra was not ready within ${readyWithinMs} ms: ${doubt}`)
      await pause(lookEveryMs)
      doubt = await firstDoubt(clients, ring)
    }
  } finally {
    await Promise.all([...clients.values()].map(client => client.shutdown()))
  }
}

/** A client that speaks to one node only. */
const clientOf = (node: Node): Client =>
  new Client({
    contactPoints: [`${node.address}:${nativePort}`],
    localDataCenter: node.dataCentre,
    policies: {
      loadBalancing: new policies.loadBalancing.AllowListPolicy(
        new policies.loadBalancing.DCAwareRoundRobinPolicy(node.dataCentre),
        [`${node.address}:${nativePort}`],
      ),
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(lookEveryMs),
    },
    socketOptions: { connectTimeout: connectTimeoutMs, readTimeout: connectTimeoutMs },
    pooling: { coreConnectionsPerHost: { [types.distance.local]: 1 }, warmup: false },
  })

/** Why the cluster is not ready yet, undefined when it is. */
async function firstDoubt(clients: ReadonlyMap<Node, Client>, ring: readonly Node[]): Promise<string | undefined> {
  const schemas = new Set<string>()
  for (const [node, client] of clients) {
    try {
      await client.connect()
      const { rows } = await client.execute('SELECT schema_version FROM system.local')
      schemas.add(String(rows[0]?.schema_version))
      // What a node that is not on the ring yet has would be read from another one in its place.
      const known = await tokensKnownTo(client)
      const unknown = [...clients.keys()].find(other => !known.has(String(other.plan.token)))
      if (unknown) return `${node.name} does not know ${unknown.name} yet`
    } catch (error) {
      return `${node.name} does not answer (${(error as Error).message})`
    }
    for (const other of clients.keys()) {
      const why = await blindness(client, other, ring)
      if (why !== undefined) return `${node.name} does not see ${other.name} (${why})`
    }
  }
  return schemas.size > 1 ? 'the nodes have different schemas' : undefined
}

/** The tokens of the ring as the node that `client` speaks to has it, its own among them. */
async function tokensKnownTo(client: Client): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(
    ['local', 'peers'].map(table => client.execute(`SELECT tokens FROM system.${table}`)),
  )
  return new Set(tables.flatMap(({ rows }) => rows.flatMap(row => (row.tokens ?? []) as string[])))
}

/**
 * Why the node that `client` speaks to cannot read from `other`; undefined when it can. `system_auth` has one copy on
 * the ring, so that what lies before a node's token can be read from that node alone.
 */
async function blindness(client: Client, other: Node, ring: readonly Node[]): Promise<string | undefined> {
  const tokens = ring.map(({ plan }) => plan.token).sort((a, b) => (a < b ? -1 : 1))
  const mine = other.plan.token
  const before = tokens[tokens.indexOf(mine) - 1] ?? -(1n << 63n)
  try {
    await client.execute(
      `SELECT role FROM system_auth.roles WHERE token(role) > ${before} AND token(role) <= ${mine}`,
      [],
      {
        consistency: types.consistencies.one,
      },
    )
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
