import { type Directive, hasDeep, parseNginx, printNginx, simple } from './nginx-tree.ts'
import { PeerError } from './peer-error.ts'

// A user's own nginx.conf, as it is deployed, made to stand in a scenario: it listens where the lab says, asks the
// scenario's origin, keeps its files in a scratch folder and says who it is. Everything that decides what is cached and
// what is asked for stays as it is.

export interface OwnNginx {
  /** With our placeholders (template.ts). */
  readonly text: string
  /** What had to be changed, for people. */
  readonly changes: readonly string[]
}

/** The texts of the files that an `include` names, each with its path; none where there is no such file. */
export type ReadInclude = (pattern: string) => readonly { readonly file: string; readonly text: string }[]

const upstream = '@UPSTREAM_HOST@:@UPSTREAM_PORT@'
const listen = '@LISTEN_HOST@:@LISTEN_PORT@'
const asker = simple('proxy_set_header', `Live-Edge '"@EDGE@";site="@SITE@"'`)

/** The lab's own: how it is started, where it logs, as whom it runs. */
const ofTheService = new Set(['user', 'pid', 'daemon', 'error_log', 'lock_file', 'working_directory'])
/** Players speak HTTP to it. */
const ofTls = /^ssl_|^http2$|^http3$|^quic_/
/** nginx opens all of these at its start, also those that it never uses. */
const temporary = ['client_body_temp_path', 'proxy_temp_path', 'fastcgi_temp_path', 'uwsgi_temp_path', 'scgi_temp_path']
const deepestInclude = 8

/** Makes the configuration in `text` stand in a scenario. Throws PeerError where nothing in it asks an upstream. */
export function adaptNginx(text: string, file: string, readInclude: ReadInclude): OwnNginx {
  const changes = new Set<string>()
  const read = withIncludes(parseNginx(text, file), readInclude, changes, 0)
  if (!hasDeep(read, 'proxy_pass')) {
    throw new PeerError(`${file} has no proxy_pass: it asks no upstream, so it can be no edge of a scenario`)
  }
  const whole = read.some(({ name }) => name === 'http') ? read : asWhole(read, changes)
  const withEvents = whole.some(({ name }) => name === 'events')
    ? whole
    : [{ ...simple('events', ''), block: [] }, ...whole]
  const adapted = withEvents
    .filter(({ name }) => !ofTheService.has(name))
    .map(one => (one.name === 'http' ? adaptHttp(one, changes) : one))
  return { text: printNginx(adapted), changes: [...changes] }
}

/** A file of conf.d has only what stands inside http. */
function asWhole(directives: readonly Directive[], changes: Set<string>): Directive[] {
  changes.add('it was put inside http { }')
  return [{ ...simple('http', ''), block: directives }]
}

function withIncludes(
  directives: readonly Directive[],
  readInclude: ReadInclude,
  changes: Set<string>,
  depth: number,
): Directive[] {
  if (depth > deepestInclude) throw new PeerError(`includes are nested deeper than ${deepestInclude}`)
  return directives.flatMap(one => {
    if (one.name !== 'include') {
      return [{ ...one, block: one.block && withIncludes(one.block, readInclude, changes, depth) }]
    }
    const found = readInclude(one.value.replaceAll(/^["']|["']$/g, ''))
    if (found.length === 0) changes.add(`include ${one.value} was left out: there is no such file beside it`)
    return found.flatMap(({ file, text }) => withIncludes(parseNginx(text, file), readInclude, changes, depth + 1))
  })
}

function adaptHttp(http: Directive, changes: Set<string>): Directive {
  const inside = (http.block ?? []).filter(
    ({ name }) => !temporary.includes(name) && name !== 'error_log' && name !== 'access_log',
  )
  const names = new Set(inside.filter(({ name }) => name === 'upstream').map(({ value }) => value))
  const servers = inside.filter(({ name }) => name === 'server')
  const kept = servers.filter(server => hasDeep(server.block ?? [], 'proxy_pass'))
  if (kept.length < servers.length) changes.add('servers that ask no upstream were left out')
  // One server answers the players: the one that caches, else the first.
  const answering = kept.find(server => hasDeep(server.block ?? [], 'proxy_cache')) ?? kept[0]
  let caches = 0
  const block = inside
    .filter(one => one.name !== 'server' || kept.includes(one))
    .map(one => {
      if (one.name === 'proxy_cache_path')
        return { ...one, value: one.value.replace(/^\S+/, `@FOLDER@/cache${++caches}`) }
      if (one.name === 'upstream') return adaptUpstream(one, changes)
      if (one.name === 'server') return adaptServer(one, { names, changes, isDefault: one === answering })
      return one
    })
  // Without a word, nginx logs where only the service may write.
  const files = [simple('access_log', 'off'), ...temporary.map(name => simple(name, `@FOLDER@/${name}`))]
  return { ...http, block: withAsker([...files, ...block], true) }
}

/** Its servers are the scenario's origin; how it chooses among them and keeps connections stays. */
function adaptUpstream(one: Directive, changes: Set<string>): Directive {
  changes.add(`upstream ${one.value} is the scenario's origin`)
  const others = (one.block ?? []).filter(({ name }) => name !== 'server')
  return { ...one, block: [simple('server', upstream), ...others] }
}

interface ServerContext {
  /** Of the upstreams. */
  readonly names: ReadonlySet<string>
  readonly changes: Set<string>
  readonly isDefault: boolean
}

function adaptServer(server: Directive, context: ServerContext): Directive {
  const inside = server.block ?? []
  if (inside.some(({ name, value }) => ofTls.test(name) || (name === 'listen' && /\bssl\b/.test(value)))) {
    context.changes.add('TLS was left out: players speak HTTP to it')
  }
  const rest = inside.filter(({ name }) => name !== 'listen' && !ofTls.test(name))
  const own = simple('listen', context.isDefault ? `${listen} default_server` : listen)
  return { ...server, block: withAsker([own, ...adaptInside(rest, context)], false) }
}

/** What may stand in a server or a location, at any depth. */
function adaptInside(directives: readonly Directive[], context: ServerContext): Directive[] {
  return directives
    .filter(({ name }) => name !== 'error_log')
    .map(one => {
      if (one.name === 'access_log') return { ...one, value: 'off' }
      if (one.name === 'proxy_pass') return { ...one, value: adaptUrl(one.value, context) }
      return one.block === undefined ? one : { ...one, block: withAsker(adaptInside(one.block, context), false) }
    })
}

/** The scenario's origin in place of the one that is named; a path behind it stays. */
function adaptUrl(value: string, { names, changes }: ServerContext): string {
  const [, host = '', path = ''] = /^https?:\/\/([^/]*)(.*)$/.exec(value) ?? []
  if (names.has(host)) return `http://${host}${path}`
  changes.add(`proxy_pass ${value} asks the scenario's origin`)
  return `http://${upstream}${path}`
}

/**
 * With the field that says who asks. Directives of this name are inherited only where a block has none of its own, so
 * every block that has one gets it, and the outermost in any case.
 */
function withAsker(block: readonly Directive[], always: boolean): Directive[] {
  return always || block.some(({ name }) => name === 'proxy_set_header') ? [...block, asker] : [...block]
}
