import { mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { AbsentError, type Service, ServiceError, type ServiceOptions } from '../service.ts'
import { type AddressBlock, claimAddresses, maxDataCentres, maxNodes, nativePort } from './addresses.ts'
import { cassandraJars } from './jars.ts'
import { findJava } from './java.ts'
import { Node } from './node.ts'
import { tokenOf } from './node-files.ts'
import { untilReady } from './sees.ts'

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
  /** Of the process that runs, or of the last one; undefined before the first. */
  readonly pid: number | undefined
}

export interface CassandraService extends Service {
  readonly nodes: readonly CassandraNode[]
  /** `address:port` of each node of a data centre, for `store.contactPoints`. */
  contactPoints(dataCentre: string): readonly string[]
  /** SIGKILL: the node is gone at once, as by a power cut. Resolves when its process has ended. */
  kill(node: string): Promise<void>
  /** SIGSTOP: the node keeps its connections and answers nothing, as on a disk that hangs. */
  hang(node: string): void
  /** SIGCONT. */
  resume(node: string): void
  /** Starts a node that is not running, with the data that it had. Resolves when it answers and the others see it. */
  restart(node: string): Promise<void>
  /** Kills every node of a data centre. */
  loseDataCentre(name: string): Promise<void>
  /** Restarts every node of a data centre that is not running. */
  restoreDataCentre(name: string): Promise<void>
}

/** Java and the jars, fetched when they are not there. Throws AbsentError. */
export async function findCassandra(
  tell?: (line: string) => void,
  signal?: AbortSignal,
): Promise<{ readonly java: string; readonly jars: readonly string[] }> {
  const java = await findJava()
  if ('absent' in java) throw new AbsentError(java.absent)
  return { java: java.path, jars: await cassandraJars(tell, signal) }
}

/**
 * Starts a cluster; resolves when every node answers and all agree on the schema. Throws AbsentError when Java, Maven
 * or the jars are missing, ServiceError with what a node said last when one does not start.
 */
export async function startCassandra(options: CassandraOptions): Promise<CassandraService> {
  const sizes = Object.entries(options.dataCentres)
  checkSizes(sizes)
  const found = await findCassandra(options.tell, options.signal)
  await mkdir(options.folder, { recursive: true })
  const folder = await realpath(options.folder)
  const block = await claimAddresses(sizes.map(([, nodes]) => nodes))
  const addresses = sizes.flatMap(([, nodes], i) => Array.from({ length: nodes }, (_, node) => block.address(i, node)))
  const launch = { ...found, seeds: addresses }
  const nodes = sizes.flatMap(([dataCentre, size], i) =>
    Array.from({ length: size }, (_, node) => {
      const name = `${dataCentre}${node + 1}`
      const plan = { name, address: block.address(i, node), dataCentre, rack: `zone${node + 1}` }
      return new Node({ ...plan, token: tokenOf(i, node, size), folder: join(folder, name) }, launch)
    }),
  )
  const cluster = new Cluster(nodes, block, options.tell)
  try {
    options.tell?.(`starting Cassandra: ${nodes.map(({ name, address }) => `${name} on ${address}`).join(', ')}`)
    await cluster.start(nodes, options.signal)
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

function checkSizes(sizes: readonly (readonly [string, number])[]): void {
  const wrong = sizes.find(
    ([name, nodes]) => !/^[a-z][a-z0-9]{0,15}$/.test(name) || !Number.isInteger(nodes) || nodes < 1 || nodes > maxNodes,
  )
  if (wrong || sizes.length < 1 || sizes.length > maxDataCentres) {
    throw new ServiceError(
      `1 to ${maxDataCentres} data centres with 1 to ${maxNodes} nodes each are wanted, named by lower-case letters and digits; given ${JSON.stringify(Object.fromEntries(sizes))}`,
    )
  }
}

class Cluster implements CassandraService {
  readonly nodes: readonly Node[]
  readonly #block: AddressBlock
  readonly #tell: ((line: string) => void) | undefined
  #stopping: Promise<void> | undefined

  constructor(nodes: readonly Node[], block: AddressBlock, tell: ((line: string) => void) | undefined) {
    this.nodes = nodes
    this.#block = block
    this.#tell = tell
  }

  /** Starts `nodes` at once; resolves when all that are alive then are ready. */
  async start(nodes: readonly Node[], signal?: AbortSignal): Promise<void> {
    // Settled, so that none is still being started when another one's failure stops them all.
    const started = await Promise.allSettled(nodes.map(node => node.start()))
    const processes = started.map(each => {
      if (each.status === 'rejected') throw each.reason
      return each.value
    })
    const end = new AbortController()
    const alive = this.nodes.filter(node => node.alive)
    const ready = untilReady(alive, this.nodes, AbortSignal.any([end.signal, ...(signal ? [signal] : [])]))
    try {
      await Promise.race([ready, ...processes.map(each => each.whenReady(ready, signal))])
    } finally {
      end.abort(new ServiceError('the start was given up'))
      await ready.catch(() => {}) // Told by the race already.
    }
  }

  contactPoints(dataCentre: string): readonly string[] {
    return this.#in(dataCentre).map(({ address }) => `${address}:${nativePort}`)
  }

  async kill(name: string): Promise<void> {
    await this.#node(name).process?.kill()
  }

  hang(name: string): void {
    this.#node(name).process?.hang()
  }

  resume(name: string): void {
    this.#node(name).process?.resume()
  }

  async restart(name: string): Promise<void> {
    await this.#restart([this.#node(name)])
  }

  async loseDataCentre(name: string): Promise<void> {
    await Promise.all(this.#in(name).map(node => node.process?.kill()))
  }

  async restoreDataCentre(name: string): Promise<void> {
    await this.#restart(this.#in(name))
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #restart(nodes: readonly Node[]): Promise<void> {
    if (this.#stopping) throw new ServiceError('Cassandra is being stopped')
    const dead = nodes.filter(node => !node.alive)
    if (dead.length === 0) return
    this.#tell?.(`starting Cassandra again: ${dead.map(({ name }) => name).join(', ')}`)
    await this.start(dead)
  }

  /** What a node would still write to disk at its end nobody reads any more: it is killed. */
  async #stop(): Promise<void> {
    await Promise.all(this.nodes.map(node => node.process?.kill()))
    await this.#block.release()
  }

  #node(name: string): Node {
    const node = this.nodes.find(each => each.name === name)
    if (!node)
      throw new ServiceError(`there is no node ${name}; there are ${this.nodes.map(({ name }) => name).join(', ')}`)
    return node
  }

  #in(dataCentre: string): readonly Node[] {
    const nodes = this.nodes.filter(each => each.dataCentre === dataCentre)
    if (nodes.length === 0) throw new ServiceError(`there is no data centre ${dataCentre}`)
    return nodes
  }
}
