import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findPeer, PeerError, type PeerName, peerKinds, startPeer } from '../../edge/peers/peer.ts'
import { clockEnvironment } from '../../process/clock.ts'
import { Child } from '../child.ts'
import { membersOf } from './edge-load.ts'

// The edges that `bench:edge` compares, each on the first core and with one worker: Tidegate's own, with and without its
// fast path, and the other caches in their tuned variants (HAProxy's stock one keeps nothing over 16 KB). nginx runs
// twice: as edge/peers has it, and with what an expert would change for this very benchmark.

const run = promisify(execFile)
const serverCore = 0

export interface BenchServer {
  readonly name: string
  readonly url: string
  /** Its process group. */
  readonly group: number
  stop(): Promise<void>
}

export interface ServerPlan {
  readonly origin: URL
  readonly event: string
  readonly folder: string
}

/** Tidegate's own edge, started through the command. */
export async function startOwn(name: string, fastPath: boolean, plan: ServerPlan): Promise<BenchServer> {
  const config = { name, site: 'bench', origins: [{ url: plan.origin.origin }], events: [plan.event], fastPath }
  const environment = { ...clockEnvironment(), TIDEGATE_CONTROL_TOKEN: 'bench' }
  const child = await Child.start({ role: 'edge', name, config, folder: plan.folder, environment })
  return pinned({ name, url: child.url('players'), group: child.pid, stop: () => child.stop() })
}

/** Another cache; undefined, with a line that says why, where it is not installed. */
export async function startOther(name: string, kind: PeerName, plan: ServerPlan): Promise<BenchServer | undefined> {
  const found = await findPeer(kind)
  if ('absent' in found) {
    process.stderr.write(`edge: ${name} is left out: ${found.absent}\n`)
    return undefined
  }
  const { hostname: host, port } = plan.origin
  const common = {
    kind,
    upstream: { host, port: Number(port) },
    listen: { host: '127.0.0.1', port: 0 },
    edge: 'bench',
    site: 'bench',
  }
  const peer = await startPeer(
    kind === 'nginx'
      ? { ...common, configFile: await nginxConfig(name, plan.folder) }
      : { ...common, variant: 'tuned' as const },
  )
  return pinned({ name, url: peer.url, group: peer.pid, stop: () => peer.stop() })
}

/** What `nginx_best` changes: files stay open, and no answer waits for its last packet to be filled. */
const bestChanges: readonly [from: string, to: string][] = [
  ['tcp_nopush on;', 'tcp_nopush off;\n  open_file_cache max=1000 inactive=60s;\n  open_file_cache_valid 60s;'],
]

async function nginxConfig(name: string, folder: string): Promise<string> {
  const changes = [['worker_processes auto;', 'worker_processes 1;'], ...(name === 'nginx_best' ? bestChanges : [])]
  let text = await readFile(peerKinds.nginx.variants.tuned, 'utf8')
  for (const [from, to] of changes as [string, string][]) {
    if (!text.includes(from)) throw new PeerError(`${peerKinds.nginx.variants.tuned} no longer says ${from}`)
    text = text.replace(from, to)
  }
  const file = join(folder, `${name}.conf`)
  await writeFile(file, text)
  return file
}

/** Every process and thread of it on one core; those that it starts later stay there. */
async function pinned(server: BenchServer): Promise<BenchServer> {
  for (const pid of await membersOf(server.group)) {
    await run('taskset', ['--all-tasks', '--pid', '--cpu-list', String(serverCore), pid])
  }
  return server
}
