import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { findPeer } from './find-peer.ts'
import { reservePort, untilListening } from './listening.ts'
import { readOwnConfig } from './own-config.ts'
import { PeerError } from './peer-error.ts'
import { type PeerKind, type PeerName, type PeerVariant, peerKinds } from './peer-kinds.ts'
import { makeScratch, peerUser, scratchParent, writeConfig } from './scratch.ts'
import { checkValues, readConfig, type TemplateValues } from './template.ts'

// Another cache in the edge's place: started from a configuration file with placeholders, stopped without a trace.

export { findPeer } from './find-peer.ts'
export { PeerError } from './peer-error.ts'
export { type PeerName, type PeerVariant, peerKinds, peerNames, peerVariants } from './peer-kinds.ts'

export type PeerOptions = {
  readonly kind: PeerName
  /** The origin, or whatever this peer is to fill from. */
  readonly upstream: { readonly host: string; readonly port: number }
  /** Port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** What the peer calls itself towards the upstream: `Live-Edge: "EDGE";site="SITE"`. */
  readonly edge: string
  readonly site: string
  /** Where its scratch folder is made; the system's temporary folder, or tmpfs, when absent. */
  readonly folder?: string
} & (
  | { readonly variant: PeerVariant; readonly configFile?: undefined }
  /** A user's own configuration, with the placeholders in it (for nginx also without): a file, or for Traffic Server a folder. */
  | { readonly configFile: string; readonly variant?: undefined }
)

/**
 * What has to be changed in the user's own configuration so that it can stand in a scenario. Throws PeerError when it
 * cannot be read or cannot stand there; starts nothing.
 */
export async function checkPeerConfig(name: PeerName, configFile: string): Promise<readonly string[]> {
  return (await readOwnConfig(peerKinds[name], configFile)).changes
}

export interface RunningPeer {
  readonly url: string
  readonly pid: number
  readonly version: string
  /** Resolves when the peer has ended, asked to or not, with how, in words. */
  readonly ended: Promise<string>
  /**
   * Ends it and removes its folder; a second call waits for the first. It has `graceMs` (3 s when absent) to end by
   * itself; with 0 it is ended without warning.
   */
  stop(graceMs?: number): Promise<void>
}

/** The slowest start seen is 2 s: Varnish calls a C compiler. A loaded machine may take several times that. */
const readyWithinMs = 20_000

/** Starts a peer and resolves when it accepts connections. Throws PeerError with what the software said. */
export async function startPeer(options: PeerOptions): Promise<RunningPeer> {
  const kind = peerKinds[options.kind]
  const { upstream, listen, edge, site } = options
  checkValues({
    UPSTREAM_HOST: upstream.host,
    UPSTREAM_PORT: upstream.port,
    LISTEN_HOST: listen.host,
    EDGE: edge,
    SITE: site,
  })
  const found = await findPeer(options.kind)
  if ('absent' in found) throw new PeerError(found.absent)

  const files =
    options.configFile === undefined
      ? await readConfig(kind, kind.variants[options.variant])
      : (await readOwnConfig(kind, options.configFile)).files
  const port = await reservePort(listen.host, listen.port)

  const user = peerUser()
  const inMemory = kind.cachesInFiles && options.variant === 'tuned'
  const folder = await makeScratch(options.folder ?? (await scratchParent(inMemory)), kind, user)
  let child: Child | undefined
  const stop = async (graceMs?: number): Promise<void> => {
    try {
      await child?.stop(graceMs)
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    }
  }
  try {
    const values: TemplateValues = {
      UPSTREAM_HOST: upstream.host,
      UPSTREAM_PORT: upstream.port,
      LISTEN_HOST: listen.host,
      LISTEN_PORT: port,
      FOLDER: folder,
      EDGE: edge,
      SITE: site,
    }
    const launch = { ...(await writeConfig(kind, files, values)), folder, host: listen.host, port }
    const environment = kind.environment?.(launch) ?? {}
    child = await startChild({ binary: found.binary, arguments: kind.launch(launch), folder, environment, user })
    await ready(kind, child, listen.host, port, folder)
    const { pid, ended } = child
    return { url: `http://${listen.host}:${port}`, pid, version: found.version, ended, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Waits for the port or for the peer's end, whichever comes first. */
async function ready(kind: PeerKind, child: Child, host: string, port: number, folder: string): Promise<void> {
  const give = new AbortController()
  const listening = untilListening(host, port, readyWithinMs, give.signal).then(
    () => undefined,
    (error: Error) => (give.signal.aborted ? undefined : error.message),
  )
  const failure = await Promise.race([listening, child.ended])
  give.abort()
  if (failure === undefined) return
  throw new PeerError(
    `${kind.name} did not start: ${failure}\n${(await lastWords(child, folder)) || '(it said nothing)'}`,
  )
}

/** Traffic Server speaks to a log file of its own rather than to standard error. */
async function lastWords(child: Child, folder: string): Promise<string> {
  const logged = await readFile(join(folder, 'log', 'diags.log'), 'utf8').catch(() => '')
  const trouble = logged.split('\n').filter(line => / (?:ERROR|FATAL|ALERT|EMERGENCY): /.test(line))
  return [child.lastLines(), ...trouble.slice(-10)].filter(line => line !== '').join('\n')
}
