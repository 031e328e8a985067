import { type BareItem, type Item, parseItem, parseList, serializeItem, serializeList, Token } from 'structured-headers'
import { remembered } from './remembered.ts'

// The `Live-*` fields (design, "The wire"): what a segment is and which state of its event an answer speaks of.
// Structured fields (RFC 9651), read and written with the library for them.

/** Field names, lower case as Node hands them over. */
export const liveFields = {
  pipeline: 'live-pipeline',
  region: 'live-region',
  version: 'live-version',
  defects: 'live-defects',
  notifications: 'live-notifications',
  /** On requests between edges and to the origin: who asks. */
  edge: 'live-edge',
} as const

/** Names one request on its whole way; each hop gives its upstream request a name of its own. */
export const requestIdField = 'x-request-id'

/** Defect kinds that a packager finds by light inspection (fact file live-origin.md, "Candidate choice"). */
export const defectKinds = ['short', 'missing', 'discontinuity'] as const
export type DefectKind = (typeof defectKinds)[number]
export interface Defect {
  readonly kind: DefectKind
  /** How much media is missing or shifted, ms. */
  readonly ms: number
}

/** How bad a set of defects is: fewer first, then less time. 0 is sound. */
export const defectWeight = (defects: readonly Defect[]): number =>
  defects.reduce((sum, defect) => sum + 1_000_000 + Math.min(defect.ms, 999_999), 0)

/** The event state that an answer or a question speaks of: version of the event, sequence of its invalidation rules. */
export interface EventState {
  readonly version: number
  readonly sequence: number
}

/** Whether an answer of state `heard` is older than what was asked for. */
export const isOlderState = (heard: EventState, asked: EventState): boolean =>
  heard.version < asked.version || (heard.version === asked.version && heard.sequence < asked.sequence)

/** `Live-Version: 3;sequence=2`. */
export const formatEventState = (state: EventState): string =>
  serializeItem([state.version, new Map([['sequence', state.sequence]])])

export const parseEventState = (field: string | undefined): EventState | undefined =>
  field === undefined ? undefined : readEventState(field)

const readEventState = remembered((field): EventState | undefined => {
  const item = itemOf(field)
  const sequence = item?.[1].get('sequence') ?? 0
  const version = item?.[0]
  return Number.isInteger(version) && Number.isInteger(sequence)
    ? { version: version as number, sequence: sequence as number }
    : undefined
})

/** `Live-Edge: "a1";site="a"`: the edge that asks, and its site. */
export const formatEdgeName = (edge: string, site: string): string => serializeItem([edge, new Map([['site', site]])])

export function parseEdgeName(field: string | undefined): { edge: string; site: string } | undefined {
  const item = itemOf(field)
  const site = item?.[1].get('site')
  return typeof item?.[0] === 'string' && typeof site === 'string' ? { edge: item[0], site } : undefined
}

/** `Live-Pipeline: a`, `Live-Region: eu`. */
export const formatName = (name: string): string => serializeItem([new Token(name), new Map<string, BareItem>()])

export function parseName(field: string | undefined): string | undefined {
  const value = itemOf(field)?.[0]
  return value instanceof Token ? value.toString() : undefined
}

/** `Live-Defects: short;ms=120, discontinuity;ms=40`; no field for a sound segment. */
export const formatDefects = (defects: readonly Defect[]): string | undefined =>
  defects.length === 0
    ? undefined
    : serializeList(defects.map((d): Item => [new Token(d.kind), new Map([['ms', Math.round(d.ms)]])]))

/** The defects that a field states; undefined when the field is malformed, [] when it is absent. */
export function parseDefects(field: string | undefined): Defect[] | undefined {
  if (field === undefined) return []
  try {
    return parseList(field).map(([value, parameters]) => {
      const kind = defectKinds.find(k => value instanceof Token && value.toString() === k)
      const ms = parameters.get('ms') ?? 0
      if (!kind || typeof ms !== 'number' || !(ms >= 0)) throw new RangeError('unknown defect')
      return { kind, ms }
    })
  } catch {
    return undefined
  }
}

function itemOf(field: string | undefined): Item | undefined {
  if (field === undefined) return undefined
  try {
    return parseItem(field)
  } catch {
    return undefined
  }
}
