import type { Service, ServiceOptions } from '../service.ts'

// A cluster of real Cassandra nodes on loopback addresses, over one or several data centres.

export interface CassandraOptions extends ServiceOptions {
  /** How many nodes each data centre has: `{ eu: 3, us: 1 }`. */
  readonly dataCentres: Readonly<Record<string, number>>
}

export interface CassandraNode {
  /** Data centre and number: `eu1`. */
  readonly name: string
  readonly address: string
  readonly dataCentre: string
  /** Its process runs; whether it answers already is another question. */
  readonly alive: boolean
}

export interface CassandraService extends Service {
  /** Every node, in the order in which they were started. */
  readonly nodes: readonly CassandraNode[]
  /** `address:port` of each node of a data centre, for `store.contactPoints`. */
  contactPoints(dataCentre: string): readonly string[]
  /** SIGKILL: the node is gone at once, as by a power cut. Resolves when its process has ended. */
  kill(node: string): Promise<void>
  /** Starts a node that is not running, with the data that it had. Resolves when it answers and the others see it. */
  restart(node: string): Promise<void>
  /** Kills every node of a data centre. */
  loseDataCentre(name: string): Promise<void>
  /** Restarts every node of a data centre that is not running. */
  restoreDataCentre(name: string): Promise<void>
}

/**
 * Starts a cluster; resolves when every node answers and all agree on the schema. Throws AbsentError when Java, Maven
 * or the jars are missing, ServiceError with what a node said last when one does not start.
 */
export declare function startCassandra(options: CassandraOptions): Promise<CassandraService>
