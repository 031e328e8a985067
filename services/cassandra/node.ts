import { join } from 'node:path'
import { ServiceProcess } from '../service-process.ts'
import type { CassandraNode } from './cassandra.ts'
import { type NodePlan, writeNodeFiles } from './node-files.ts'

// One node: its process, which comes and goes, over data that stays.

/** How all nodes are started. */
export interface Launch {
  readonly java: string
  readonly jars: readonly string[]
  readonly seeds: readonly string[]
}

export class Node implements CassandraNode {
  readonly plan: NodePlan
  readonly #launch: Launch
  #process: ServiceProcess | undefined

  constructor(plan: NodePlan, launch: Launch) {
    this.plan = plan
    this.#launch = launch
  }

  get name(): string {
    return this.plan.name
  }

  get address(): string {
    return this.plan.address
  }

  get dataCentre(): string {
    return this.plan.dataCentre
  }

  get alive(): boolean {
    return this.#process?.alive === true
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Its running process; undefined when it never ran. */
  get process(): ServiceProcess | undefined {
    return this.#process
  }

  async start(): Promise<ServiceProcess> {
    const { folder } = this.plan
    const flags = await writeNodeFiles(this.plan, this.#launch.seeds)
    this.#process = await ServiceProcess.start({
      name: `Cassandra node ${this.name} on ${this.address}`,
      binary: this.#launch.java,
      arguments: [...flags, '-cp', this.#launch.jars.join(':'), 'org.apache.cassandra.service.CassandraDaemon'],
      folder,
      logFile: join(folder, 'node.log'),
    })
    return this.#process
  }
}
