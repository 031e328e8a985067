import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ServiceError } from '../service.ts'
import { fillTemplate } from '../template.ts'

// What a node is told: four files, filled from the templates in this folder.

export interface NodePlan {
  readonly name: string
  readonly address: string
  readonly dataCentre: string
  readonly rack: string
  /** Its place on the ring: it has what lies between the token before it and this one. */
  readonly token: bigint
  /** Where it keeps everything. */
  readonly folder: string
}

/** Enough for a few MB/s of chunks a node; with 256 MiB the collector is busy. */
const heapMiB = 320
const files = ['cassandra.yaml', 'cassandra-rackdc.properties', 'logback.xml', 'jvm.options']
const ring = 1n << 64n
/** So that nodes of different data centres never have the same token. */
const dataCentresApart = 1_000n

/** The token of node `node` of `nodes` in data centre `dataCentre`, all counted from 0: equal shares in each. */
export const tokenOf = (dataCentre: number, node: number, nodes: number): bigint =>
  -(ring / 2n) + 1n + (ring / BigInt(nodes)) * BigInt(node) + dataCentresApart * BigInt(dataCentre)

/** Writes a node's files into its folder; gives the flags of its Java. */
export async function writeNodeFiles(plan: NodePlan, seeds: readonly string[]): Promise<readonly string[]> {
  if (!/^\/[\w./+-]+$/.test(plan.folder)) {
    throw new ServiceError(
      `${plan.folder} cannot stand in Cassandra's configuration: a folder whose path has letters, digits and . _ + - only is wanted`,
    )
  }
  await mkdir(plan.folder, { recursive: true })
  const values = {
    ADDRESS: plan.address,
    SEEDS: seeds.join(','),
    TOKEN: String(plan.token),
    FOLDER: plan.folder,
    DATA_CENTRE: plan.dataCentre,
    RACK: plan.rack,
    HEAP_MIB: heapMiB,
  }
  for (const name of files) {
    await writeFile(join(plan.folder, name), await fillTemplate(join(import.meta.dirname, name), values))
  }
  const options = await fillTemplate(join(import.meta.dirname, 'jvm.options'), values)
  return options.split('\n').filter(line => line !== '' && !line.startsWith('#'))
}
