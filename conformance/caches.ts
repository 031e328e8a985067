import { startEdge } from '../edge/http/main.ts'
import { findPeer, type PeerName, peerNames, startPeer } from '../edge/peers/peer.ts'

// The caches that the suite is run against: this project's edge, and the others as their packages configure them.

export interface RunningCache {
  readonly name: string
  readonly url: string
  stop(): Promise<void>
}

/** Under this name this project's edge stands in tables and flags. */
export const ours = 'oca'
/** The same edge, with every request answered by node:http. */
export const oursWithoutFastPath = 'oca (no fast path)'

/** Starts this project's edge, with its preset `oca` and nothing else changed, in front of `origin`. */
export async function startOurs(origin: string, name: typeof ours | typeof oursWithoutFastPath): Promise<RunningCache> {
  const edge = await startEdge(
    { name: 'conformance', site: 'conformance', origins: [{ url: origin }], preset: ours, fastPath: name === ours },
    'conformance-control',
  )
  return { name, url: edge.url, stop: () => edge.close() }
}

/** Starts another cache in its stock variant in front of `origin`. */
export async function startOther(kind: PeerName, origin: string): Promise<RunningCache> {
  const { hostname: host, port } = new URL(origin)
  const upstream = { host, port: Number(port) }
  const listen = { host: '127.0.0.1', port: 0 }
  const peer = await startPeer({ kind, variant: 'stock', upstream, listen, edge: kind, site: 'conformance' })
  return { name: `${kind} ${peer.version}`, url: peer.url, stop: () => peer.stop() }
}

/** The other caches that are on this machine; of each that is not, one line that says so. */
export async function findOthers(): Promise<{ present: PeerName[]; absent: string[] }> {
  const found = await Promise.all(peerNames.map(async kind => ({ kind, found: await findPeer(kind) })))
  return {
    present: found.filter(one => !('absent' in one.found)).map(one => one.kind),
    absent: found.flatMap(one => ('absent' in one.found ? [one.found.absent] : [])),
  }
}
