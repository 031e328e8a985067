import { createServer, type Server } from 'node:net'
import { ServiceError } from '../service.ts'

// Which loopback addresses a cluster has. Nodes speak to each other on one port, so each needs an address of its own:
// 127.0.N.11 and up for the first data centre, 127.0.N.21 and up for the second. N is claimed by a socket, so that
// clusters of several runs do not meet, and is free again when its owner ends, however it ends.

/** Cassandra's own ports, between nodes and for clients. */
const storagePort = 7000
export const nativePort = 9042

export const maxNodes = 9
export const maxDataCentres = 4
const firstHost = 11
const hostsApart = 10
const blocks = 64
const claimPort = 7999

export interface AddressBlock {
  /** The address of node `node` of data centre `dataCentre`, both counted from 0. */
  address(dataCentre: number, node: number): string
  release(): Promise<void>
}

/** Claims the first block of addresses that nobody has and whose `wanted` nodes' ports are free. Throws ServiceError. */
export async function claimAddresses(wanted: readonly number[]): Promise<AddressBlock> {
  const taken: string[] = []
  for (let block = 0; block < blocks; block++) {
    const address = (dataCentre: number, node: number) => `127.0.${block}.${firstHost + hostsApart * dataCentre + node}`
    const claim = await listen(`127.0.${block}.1`, claimPort)
    if (!('server' in claim)) {
      if (claim.code !== 'EADDRINUSE') throw unusable(`127.0.${block}.1`, claim.code)
      continue
    }
    const addresses = wanted.flatMap((nodes, i) => Array.from({ length: nodes }, (_, node) => address(i, node)))
    const busy = await firstBusy(addresses)
    if (!busy) return { address, release: () => close(claim.server) }
    await close(claim.server)
    taken.push(busy)
  }
  throw new ServiceError(
    `no loopback addresses are free for Cassandra; taken are ${taken.slice(0, 3).join(', ')} …: another Cassandra that listens on all addresses must be stopped`,
  )
}

async function firstBusy(addresses: readonly string[]): Promise<string | undefined> {
  for (const address of addresses) {
    for (const port of [storagePort, nativePort]) {
      const tried = await listen(address, port)
      if ('server' in tried) await close(tried.server)
      else if (tried.code === 'EADDRINUSE') return `${address}:${port}`
      else throw unusable(address, tried.code)
    }
  }
  return undefined
}

function unusable(address: string, code: string): ServiceError {
  return new ServiceError(
    code === 'EADDRNOTAVAIL'
      ? `${address} is no address of this machine. Linux has all of 127.0.0.0/8; macOS needs one line for each node, "sudo ifconfig lo0 alias ${address}", or use compose.yaml`
      : `${address} cannot be used: ${code}`,
  )
}

const listen = (host: string, port: number): Promise<{ server: Server } | { code: string }> =>
  new Promise(done => {
    const server = createServer(socket => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => done({ code: error.code ?? error.message }))
    server.listen({ host, port, exclusive: true }, () => done({ server: server.unref() }))
  })

const close = (server: Server): Promise<void> => new Promise(done => server.close(() => done()))
