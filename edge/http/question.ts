import type { IncomingMessage } from 'node:http'
import { type Item, parseList, Token } from 'structured-headers'
import { parseAddress } from '../../live/address.ts'
import { limits } from '../../live/limits.ts'
import { type EventState, liveFields, parseEventState, requestIdField } from '../../live/live-state.ts'
import { clamp, type Ms } from '../../live/units.ts'
import { isCacheable } from '../core/methods.ts'
import { siblingBoundMs } from '../core/plan.ts'
import type { Question } from '../core/verdict.ts'
import { endToEndFields } from './upstream-head.ts'

// From a request that HTTP allows to the question that the core answers.

/** The name under which every edge of this program marks what it forwards (RFC 8586). */
const cdnName = 'tidegate'
/** On a request to a sibling: how long it may take over its answer, ms. */
const waitField = 'live-wait-ms'
/** `CDN-Loop` and its companions for a request to a sibling that must answer within `leftMs`. */
export const siblingFields = (edge: string, leftMs: Ms): Record<string, string> => ({
  'cdn-loop': `${cdnName};edge="${edge}"`,
  [waitField]: String(siblingBoundMs(leftMs)),
})

/**
 * The question that `request` asks this edge, or `loop` when the request has been here before or has been forwarded
 * twice: it would go round for ever.
 */
export function questionOf(request: IncomingMessage, self: string): Question | 'loop' {
  const { headers } = request
  const target = request.url as string
  // What players hang onto an address (CMCD, a cache-busting number) makes it no other segment.
  const bare = target.split('?', 1)[0] as string
  const live = parseAddress(bare) !== undefined
  const path = live ? bare : target
  const method = request.method as string
  const marks = loopMarks(headers['cdn-loop'])
  const [sibling] = marks
  if (marks.length > 1 || sibling === self) return 'loop'
  return {
    method,
    path,
    ...(sibling === undefined
      ? {}
      : {
          sibling: {
            edge: sibling,
            asked: askedState(headers[liveFields.version]),
            boundMs: boundMs(headers[waitField]),
          },
        }),
    // Live objects have one answer for everybody, whatever a request says beside their address.
    ...(live ? {} : { headers: askersFields(request) }),
    // What an answer to it names may be another host's.
    ...(isCacheable(method) || headers.host === undefined ? {} : { host: headers.host }),
  }
}

/** The edges of this program that `field` says have forwarded the request. */
function loopMarks(field: string | string[] | undefined): string[] {
  if (field === undefined) return []
  let members: Item[]
  try {
    members = parseList(String(field)) as Item[]
  } catch {
    return []
  }
  return members
    .filter(([name]) => name instanceof Token && name.toString() === cdnName)
    .map(([, parameters]) => String(parameters.get('edge') ?? ''))
}

// An edge that does not know the event cannot name a state of it: any answer is new enough for that.
const askedState = (field: string | string[] | undefined): EventState =>
  (typeof field === 'string' ? parseEventState(field) : undefined) ?? { version: 0, sequence: 0 }

const boundMs = (field: string | string[] | undefined): Ms =>
  typeof field === 'string' && /^\d{1,6}$/.test(field)
    ? clamp(Number(field), 1, limits.siblingWaitMs)
    : limits.siblingWaitMs

/** Evaluated by this edge on its copy; for a method that goes through the origin does (RFC 9110, 13.2.1). */
const conditions = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since']

/** What is between the asker and this edge, or defined for GET alone (`Range`: RFC 9110, 14.2). */
const ofThisHop = [
  'host',
  'expect',
  'content-length',
  'range',
  'if-range',
  'cdn-loop',
  requestIdField,
  waitField,
  ...Object.values(liveFields),
]

/**
 * What would have the origin answer for another host, path or method than the one under which its answer is kept. The
 * edge serves one origin, by its own name: like `Host`, which is not part of the key, these are not handed on
 * (CVE-2026-2836, and CPDoS by a method override, are that mistake elsewhere).
 */
const elsewhere =
  /^(?:forwarded|x-forwarded-(?:host|port|prefix|proto|scheme|server|ssl|uri|path)|x-(?:original|rewrite)-(?:host|ur[il])|x-host|x-http-host-override|x-http-method(?:-override)?|x-method-override)$/

function askersFields(request: IncomingMessage): Record<string, string> {
  const fields = endToEndFields(request.headers)
  for (const name of ofThisHop) delete fields[name]
  for (const name of Object.keys(fields)) if (elsewhere.test(name)) delete fields[name]
  if (isCacheable(request.method as string)) for (const name of conditions) delete fields[name]
  return fields
}
