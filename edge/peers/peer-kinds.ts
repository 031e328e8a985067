import { join } from 'node:path'

// The caches that can stand in the edge's place: how each is named, found, configured and started in the foreground.

export const peerNames = ['nginx', 'varnish', 'trafficserver', 'haproxy'] as const
export type PeerName = (typeof peerNames)[number]

/** `stock`: as its documentation has it. `tuned`: the best that an expert would write for live segments. */
export const peerVariants = ['stock', 'tuned'] as const
export type PeerVariant = (typeof peerVariants)[number]

/** What a command line is made from. */
interface PeerLaunch {
  /** The filled configuration: a file, or for Traffic Server the folder that holds its files. */
  readonly config: string
  /** The text of the filled configuration ('' for a folder). */
  readonly text: string
  /** The scratch folder: cache, pid file, sockets, logs. */
  readonly folder: string
  readonly host: string
  readonly port: number
}

export interface PeerKind {
  readonly name: PeerName
  /** The package of Debian and Ubuntu that has it. */
  readonly debianPackage: string
  readonly binary: string
  readonly versionArguments: readonly string[]
  /** Finds the version in what the binary says of itself. */
  readonly versionPattern: RegExp
  /** Whether its configuration is one file or a folder of files. */
  readonly configIs: 'file' | 'folder'
  readonly variants: Readonly<Record<PeerVariant, string>>
  /** What a user's own configuration must contain besides the upstream's two placeholders. */
  readonly alsoNeeds: readonly string[]
  /** It keeps bodies in files, so its tuned variant runs on tmpfs where there is room. */
  readonly cachesInFiles: boolean
  /** The arguments that run it in the foreground as the user who starts it. */
  readonly launch: (launch: PeerLaunch) => readonly string[]
  /** Environment that it needs besides the parent's. */
  readonly environment?: (launch: PeerLaunch) => Readonly<Record<string, string>>
}

const here = (path: string): string => join(import.meta.dirname, path)
const listenPlaceholders = ['@LISTEN_HOST@', '@LISTEN_PORT@']

const nginx: PeerKind = {
  name: 'nginx',
  debianPackage: 'nginx',
  binary: 'nginx',
  versionArguments: ['-v'],
  versionPattern: /nginx\/(\S+)/,
  configIs: 'file',
  variants: { stock: here('nginx/stock.conf'), tuned: here('nginx/tuned.conf') },
  alsoNeeds: listenPlaceholders,
  cachesInFiles: true,
  launch: ({ config, text, folder }) => {
    // A user's file is usually written for a service; nginx refuses a directive that is stated twice.
    const missing = Object.entries({ daemon: 'off', pid: join(folder, 'nginx.pid'), error_log: 'stderr warn' })
      .filter(([directive]) => !new RegExp(`^\\s*${directive}\\s`, 'm').test(text))
      .map(([directive, value]) => `${directive} ${value};`)
    return ['-p', folder, '-c', config, '-e', 'stderr', ...(missing.length > 0 ? ['-g', missing.join(' ')] : [])]
  },
}

const varnish: PeerKind = {
  name: 'varnish',
  debianPackage: 'varnish',
  binary: 'varnishd',
  versionArguments: ['-V'],
  versionPattern: /varnish-(\d[\w.]*)/,
  configIs: 'file',
  variants: { stock: here('varnish/stock.vcl'), tuned: here('varnish/tuned.vcl') },
  // Varnish is told where to listen on its command line, and keeps its files where -n says.
  alsoNeeds: [],
  cachesInFiles: false,
  launch: ({ config, folder, host, port }) => [
    '-F',
    // No jail: it runs as the user who starts it, and no management port.
    ...['-j', 'none', '-T', 'none'],
    ...['-n', join(folder, 'varnish'), '-a', `${host}:${port}`, '-f', config],
    // As Debian's service, with a room for a whole DVR window.
    ...['-s', 'malloc,512m'],
  ],
}

const trafficserver: PeerKind = {
  name: 'trafficserver',
  debianPackage: 'trafficserver',
  binary: 'traffic_server',
  versionArguments: ['--version'],
  versionPattern: /Traffic Server (\d[\w.]*)/,
  configIs: 'folder',
  variants: { stock: here('trafficserver/stock'), tuned: here('trafficserver/tuned') },
  alsoNeeds: listenPlaceholders,
  cachesInFiles: true,
  launch: () => [],
  environment: ({ config, folder }) => ({
    PROXY_CONFIG_CONFIG_DIR: config,
    PROXY_CONFIG_LOCAL_STATE_DIR: join(folder, 'run'),
    PROXY_CONFIG_LOG_LOGFILE_DIR: join(folder, 'log'),
  }),
}

const haproxy: PeerKind = {
  name: 'haproxy',
  debianPackage: 'haproxy',
  binary: 'haproxy',
  versionArguments: ['-v'],
  versionPattern: /version (\d[^\s-]*)/,
  configIs: 'file',
  variants: { stock: here('haproxy/stock.cfg'), tuned: here('haproxy/tuned.cfg') },
  alsoNeeds: listenPlaceholders,
  cachesInFiles: false,
  // -db: in the foreground, one process, whatever the file says of daemons.
  launch: ({ config }) => ['-db', '-f', config],
}

export const peerKinds: Readonly<Record<PeerName, PeerKind>> = { nginx, varnish, trafficserver, haproxy }
