import { type Client, type Host, types } from 'cassandra-driver'
import type { Ms } from '../../../live/units.ts'

// Where else a chunk may be read when what the quorum gave is broken or is not there: every replica by itself, those of
// this data centre first. A quorum would compare the replicas and might choose the broken one again.

export interface SoughtChunk {
  readonly keyspace: string
  readonly localDataCentre: string
  readonly statement: string
  readonly key: readonly unknown[]
  readonly routingKey: Buffer
}

/** The frame that each replica has, one after another, each asked for when the caller wants it. */
export async function* framesElsewhere(
  client: Client,
  sought: SoughtChunk,
  leftMs: () => Ms,
): AsyncGenerator<Uint8Array> {
  const distance = ({ datacenter }: Host) => (datacenter === sought.localDataCentre ? 0 : 1)
  const replicas: readonly Host[] = client.getReplicas(sought.keyspace, sought.routingKey) ?? []
  for (const host of replicas.toSorted((a, b) => distance(a) - distance(b))) {
    const left = leftMs() as number
    if (left <= 0) return
    try {
      const { rows } = await client.execute(sought.statement, [...sought.key], {
        host,
        keyspace: sought.keyspace,
        consistency: types.consistencies.localOne,
        readTimeout: left,
      })
      if (rows[0]) yield rows[0].frame as Buffer
    } catch {
      // This one does not answer, which the driver's metrics count; the next one is asked.
    }
  }
}
