import { Client, errors, type Host, policies, types } from 'cassandra-driver'
import type { Ms } from '../../../live/units.ts'
import type { StoreObserver } from '../segment-store.ts'
import { DriverMetrics } from './driver-metrics.ts'
import { HedgeDelay } from './hedge-delay.ts'

// The driver, set up for live segments. Reads and writes have connections of their own, so that a storm's answers do not
// stand before a publish on the same socket.

export interface SessionOptions {
  readonly contactPoints: readonly string[]
  readonly localDataCentre: string
  readonly budgetMs: Ms
  readonly observer: StoreObserver
}

/** Chunks of a storm share a few sockets; one is the limit of a core on loopback, two hide a slow answer. */
const connectionsPerNode = 2
const connectionsPerRemoteNode = 1
const requestsPerConnection = 512
const connectTimeoutMs = 2_000
/** How long a connection may be silent before it is asked whether it lives. */
const heartbeatMs = 2_000
/** A node that restarts is found again soon; one that is gone is asked rarely. */
const firstReconnectMs = 100
const longestReconnectMs = 2_000

/**
 * Asks the nodes that have the data, in this data centre only. Those of other data centres are known and connected to,
 * so that one can be asked by name when the data here are broken (elsewhere.ts).
 */
class LocalFirst extends policies.loadBalancing.TokenAwarePolicy {
  readonly #dataCentre: string
  constructor(dataCentre: string) {
    super(new policies.loadBalancing.DCAwareRoundRobinPolicy(dataCentre))
    this.#dataCentre = dataCentre
  }

  override getDistance({ datacenter }: Host): types.distance {
    return datacenter === this.#dataCentre ? types.distance.local : types.distance.remote
  }
}

/**
 * Goes to the next node at once where a node refused or its connection broke. A time-out is not tried again here: it has
 * used up what its caller had left, which retry-budget.ts counts.
 */
class NextNode extends policies.retry.RetryPolicy {
  override onRequestError(
    info: policies.retry.OperationInfo,
    consistency: types.consistencies,
    error: Error,
  ): policies.retry.DecisionInfo {
    if (error instanceof errors.OperationTimedOutError) return this.rethrowResult()
    return super.onRequestError(info, consistency, error)
  }
}

export function makeClient({ contactPoints, localDataCentre, budgetMs, observer }: SessionOptions): Client {
  const hedgeDelay = new HedgeDelay(localDataCentre, budgetMs)
  const client = new Client({
    contactPoints: [...contactPoints],
    localDataCenter: localDataCentre,
    policies: {
      loadBalancing: new LocalFirst(localDataCentre),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        firstReconnectMs,
        longestReconnectMs,
        false,
      ),
      retry: new NextNode(),
      speculativeExecution: hedgeDelay,
    },
    metrics: new DriverMetrics(observer, hedgeDelay),
    queryOptions: {
      prepare: true,
      isIdempotent: true,
      consistency: types.consistencies.localQuorum,
      serialConsistency: types.consistencies.localSerial,
    },
    socketOptions: { connectTimeout: connectTimeoutMs, readTimeout: budgetMs as number, tcpNoDelay: true },
    pooling: {
      coreConnectionsPerHost: {
        [types.distance.local]: connectionsPerNode,
        [types.distance.remote]: connectionsPerRemoteNode,
        [types.distance.ignored]: 0,
      },
      maxRequestsPerConnection: requestsPerConnection,
      heartBeatInterval: heartbeatMs,
    },
    // Tables are made one after another by one node; keyspace.ts waits for the others once, at the end.
    protocolOptions: { maxSchemaAgreementWaitSeconds: 0 },
  })
  hedgeDelay.init(client)
  return client
}
