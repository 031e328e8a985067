import { basename } from 'node:path'
import { PeerError } from './peer-error.ts'
import { type PeerName, type PeerVariant, peerNames, peerVariants } from './peer-kinds.ts'

// `--edge oca | nginx | nginx:tuned | nginx:./my.conf | https://…`: which edge stands in a scenario.

export type EdgeChoice = {
  /** How tables and records name it. */
  readonly label: string
} & (
  | { readonly type: 'oca' }
  | { readonly type: 'peer'; readonly kind: PeerName; readonly variant: PeerVariant }
  /** A user's own configuration, with the placeholders in it. */
  | { readonly type: 'peer-file'; readonly kind: PeerName; readonly configFile: string }
  /** An edge that runs already. `loopback`: on this machine for certain. */
  | { readonly type: 'url'; readonly url: string; readonly loopback: boolean }
)

const forms = `oca, ${peerNames.join(', ')}, each of these with :tuned or with a configuration (nginx:./my.conf), or a URL`

/** Reads one `--edge`. Throws PeerError that says what is wrong and what would be right. Touches no file. */
export function parseEdgeChoice(text: string): EdgeChoice {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return urlChoice(text)
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const rest = colon < 0 ? undefined : text.slice(colon + 1)
  if (name === 'oca') {
    if (rest === undefined) return { type: 'oca', label: 'oca' }
    throw new PeerError(`--edge ${text}: oca has no variants; its switches are set by --policy`)
  }
  const kind = peerNames.find(each => each === name)
  if (kind === undefined)
    throw new PeerError(`--edge ${text}: no edge has the name ${JSON.stringify(name)}; there are ${forms}`)
  if (rest === undefined) return { type: 'peer', label: kind, kind, variant: 'stock' }
  const variant = peerVariants.find(each => each === rest)
  if (variant !== undefined) return { type: 'peer', label: variant === 'stock' ? kind : text, kind, variant }
  if (!/[/\\.]/.test(rest) || /[/\\]$/.test(rest)) {
    throw new PeerError(
      `--edge ${text}: ${kind} has the variants ${peerVariants.join(' and ')}; a configuration of your own is named by its path, as in ${kind}:./my.conf`,
    )
  }
  return { type: 'peer-file', label: `${kind}:${basename(rest)}`, kind, configFile: rest }
}

function urlChoice(text: string): EdgeChoice {
  if (!URL.canParse(text)) throw new PeerError(`--edge ${text} is no URL; https://edge.example.com would be one`)
  const url = new URL(text)
  const wrong =
    url.protocol !== 'http:' && url.protocol !== 'https:'
      ? `${url.protocol} is not spoken here, only http: and https:`
      : url.username !== '' || url.password !== ''
        ? 'credentials in a URL would end up in records'
        : url.pathname !== '/' || url.search !== '' || url.hash !== ''
          ? `players ask for /live/… on it, so give no more than ${url.origin}`
          : undefined
  if (wrong !== undefined) throw new PeerError(`--edge ${text}: ${wrong}`)
  return { type: 'url', label: url.host, url: url.origin, loopback: isLoopback(url.hostname) }
}

/** 127.0.0.0/8, ::1 and `localhost` (RFC 6761, 6.3); any other name may lead anywhere. */
const isLoopback = (hostname: string): boolean =>
  /^127(?:\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]' || /^(?:.+\.)?localhost$/.test(hostname)

/** Throws PeerError for a URL beyond this machine unless the user said `--i-own-this-target`. */
export function checkOwnership(choice: EdgeChoice, ownsTarget: boolean): void {
  if (choice.type !== 'url' || choice.loopback || ownsTarget) return
  throw new PeerError(
    `${choice.url} is not on this machine, and a storm on somebody else's server is an attack: when it is yours, say --i-own-this-target`,
  )
}
