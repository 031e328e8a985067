import { limits } from '../../live/limits.ts'
import { expectedPublication } from '../../live/template.ts'
import type { Bytes, EpochMs } from '../../live/units.ts'
import { Deadlines } from './deadlines.ts'
import { isNegative } from './freshness.ts'
import type { Aftermath, Copy } from './state.ts'
import type { Target } from './target.ts'
import { selectedBy } from './vary.ts'
import type { CopyId, Effect } from './verdict.ts'

// The copies of one edge: which there are, which of them lookups find, and which go when room is needed. Bytes and keys
// are bounded. The oldest segment goes first, because old segments are the ones that nobody will ask for; a hit
// therefore changes no state. What is not live has a quarter of the room, and its oldest go first as well.

/** Heads of dropped copies that a driver may still want to render. */
const heldHeads = 1_024

export interface StoreLimits {
  readonly storeBytes: Bytes
  readonly keys: number
}

interface Usage {
  bytes: number
  copies: number
  readonly byAge: Deadlines<CopyId>
}

export class Store {
  readonly #limits: StoreLimits
  readonly #copies = new Map<CopyId, Copy>()
  readonly #dropped = new Map<CopyId, Copy>()
  readonly #byKey = new Map<string, CopyId>()
  readonly #aftermaths = new Map<string, Aftermath>()
  readonly #variants = new Map<string, { names: readonly string[]; keys: Set<string> }>()
  readonly #live: Usage
  readonly #http: Usage
  #lastId = 0
  #evictions = 0

  constructor(storeLimits: StoreLimits) {
    this.#limits = storeLimits
    const usage = (): Usage => ({ bytes: 0, copies: 0, byAge: new Deadlines(id => this.#copies.has(id)) })
    this.#live = usage()
    this.#http = usage()
  }

  get stats() {
    const bytes = this.#live.bytes + this.#http.bytes
    return { copies: this.#copies.size, keys: this.#byKey.size, bytes, evictions: this.#evictions }
  }

  /** A copy by its number; one that was dropped a moment ago too. */
  copy(id: CopyId): Copy | undefined {
    return this.#copies.get(id) ?? this.#dropped.get(id)
  }

  /** The copy that lookups under `key` find. */
  at(key: string): Copy | undefined {
    const id = this.#byKey.get(key)
    return id === undefined ? undefined : this.#copies.get(id)
  }

  /** The key under which the answer for `target` and these request fields lies (RFC 9111, 4.1). */
  selectedKey(target: Target, headers: Readonly<Record<string, string>>): string {
    const names = this.#variants.get(target.key)?.names
    return names === undefined || names.length === 0 ? target.key : `${target.key}\n${selectedBy(names, headers)}`
  }

  /** The answer for `target` varies by `names` of the request. */
  setVariants(target: Target, names: readonly string[]): Effect[] {
    const known = this.#variants.get(target.key)
    if (known ? known.names.join() === names.join() : names.length === 0) return []
    const effects = known ? [...known.keys].flatMap(key => this.#dropAt(key)) : this.#dropAt(target.key)
    if (names.length === 0) this.#variants.delete(target.key)
    else this.#variants.set(target.key, { names, keys: new Set() })
    if (this.#variants.size <= this.#limits.keys) return effects
    const [oldest, { keys }] = this.#variants.entries().next().value as [string, { keys: Set<string> }]
    this.#variants.delete(oldest)
    return [...effects, ...[...keys].flatMap(key => this.#dropAt(key))]
  }

  /** Takes in a copy whose head has come. No copy: there is no room for it, whatever goes. */
  add(copy: Omit<Copy, 'id' | 'ageMs'>): { copy: Copy | undefined; effects: Effect[] } {
    const added: Copy = { ...copy, id: ++this.#lastId, ageMs: ageOf(copy) }
    this.#copies.set(added.id, added)
    const usage = this.#usage(added)
    usage.copies++
    usage.bytes += bytesOf(added)
    const effects = this.#makeRoom()
    if (!this.#isOver()) return { copy: added, effects }
    this.drop(added)
    return { copy: undefined, effects }
  }

  /** Lets lookups under `key` find `copy`; the one that they found before goes. */
  publish(key: string, copy: Copy): Effect[] {
    const before = this.at(key)
    this.#byKey.set(key, copy.id)
    copy.stored = true
    this.#aftermaths.delete(key)
    const effects = before && before !== copy ? this.unlist(before) : []
    const variants = this.#variants.get(copy.target.key)
    if (!variants || key === copy.target.key) return effects
    variants.keys.delete(key)
    variants.keys.add(key)
    if (variants.keys.size <= limits.edgeVariants) return effects
    const [oldest] = variants.keys as Set<string>
    variants.keys.delete(oldest as string)
    return [...effects, ...this.#dropAt(oldest as string)]
  }

  /** The key of a stored copy has changed: the configuration of its event is known now. */
  rekey(copy: Copy, target: Target): void {
    this.#byKey.delete(copy.target.key)
    copy.target = target
    this.#byKey.set(target.key, copy.id)
  }

  /** More bytes of `copy` have come, for which there may be no room. */
  grow(copy: Copy, added: Bytes): { hasRoom: boolean; effects: Effect[] } {
    const before = bytesOf(copy)
    copy.receivedBytes = (copy.receivedBytes as number) + (added as number)
    this.#usage(copy).bytes += bytesOf(copy) - before
    const effects = this.#makeRoom()
    return { hasRoom: !this.#isOver(), effects }
  }

  /** All bytes are there: from now on it can be evicted. */
  complete(copy: Copy): void {
    const before = bytesOf(copy)
    copy.complete = true
    const usage = this.#usage(copy)
    usage.bytes += bytesOf(copy) - before
    usage.byAge.put(copy.ageMs, copy.id)
  }

  /** Lookups find the copy no more. One that is still arriving is dropped by its fill; a complete one goes. */
  unlist(copy: Copy): Effect[] {
    for (const key of this.#keysOf(copy)) if (this.#byKey.get(key) === copy.id) this.#byKey.delete(key)
    copy.stored = false
    return copy.complete ? this.drop(copy) : []
  }

  /** Lookups for the address with this key, and what is known of its last answer, find nothing any more. */
  invalidate(key: string): Effect[] {
    const keys = [key, ...(this.#variants.get(key)?.keys ?? [])]
    for (const one of keys) this.#aftermaths.delete(one)
    return keys.flatMap(one => this.#dropAt(one))
  }

  /** The copy goes. Its readers may end, and its head can be read for a little while. */
  drop(copy: Copy): Effect[] {
    if (!this.#copies.has(copy.id)) return []
    this.#copies.delete(copy.id)
    this.unlist(copy)
    const usage = this.#usage(copy)
    usage.copies--
    usage.bytes -= bytesOf(copy)
    this.#dropped.set(copy.id, copy)
    if (this.#dropped.size > heldHeads) this.#dropped.delete(this.#dropped.keys().next().value as CopyId)
    return [{ do: 'drop', copy: copy.id }]
  }

  /** Every complete copy that `isMeant` goes. */
  dropAll(isMeant: (copy: Copy) => boolean): Effect[] {
    const meant = [...this.#copies.values()].filter(copy => copy.complete && isMeant(copy))
    return meant.flatMap(copy => this.drop(copy))
  }

  /** Stored copies for which `isMeant`. */
  stored(isMeant: (copy: Copy) => boolean): Copy[] {
    return [...this.#copies.values()].filter(copy => copy.stored && isMeant(copy))
  }

  aftermath(key: string): Aftermath | undefined {
    return this.#aftermaths.get(key)
  }

  /** What the next asker of `key` should know; the oldest of too many is forgotten. */
  setAftermath(key: string, aftermath: Aftermath): void {
    this.#aftermaths.delete(key)
    this.#aftermaths.set(key, aftermath)
    if (this.#aftermaths.size <= this.#limits.keys) return
    const [oldest] = this.#aftermaths.keys()
    this.#aftermaths.delete(oldest as string)
  }

  clearAftermaths(): void {
    this.#aftermaths.clear()
  }

  #usage(copy: Pick<Copy, 'target'>): Usage {
    return copy.target.kind === 'live' ? this.#live : this.#http
  }

  /** The keys under which `copy` may be found: its own, or that of a variant. */
  #keysOf(copy: Copy): readonly string[] {
    return [copy.target.key, ...(this.#variants.get(copy.target.key)?.keys ?? [])]
  }

  #dropAt(key: string): Effect[] {
    const copy = this.at(key)
    this.#byKey.delete(key)
    return copy ? this.unlist(copy) : []
  }

  #isOver(): boolean {
    const { storeBytes, keys } = this.#limits
    return this.#live.bytes + this.#http.bytes > (storeBytes as number) || this.#copies.size > keys
  }

  #isHttpOver(): boolean {
    const { storeBytes, keys } = this.#limits
    return this.#http.bytes > (storeBytes as number) / 4 || this.#http.copies > Math.max(1, keys / 4)
  }

  #makeRoom(): Effect[] {
    const effects: Effect[] = []
    while (this.#isHttpOver() && this.#evict(this.#http, effects));
    while (this.#isOver() && (this.#evict(this.#live, effects) || this.#evict(this.#http, effects)));
    return effects
  }

  #evict(usage: Usage, effects: Effect[]): boolean {
    const oldest = usage.byAge.first()
    const copy = oldest && this.#copies.get(oldest.thing)
    if (!copy) return false
    effects.push(...this.drop(copy))
    this.#evictions++
    return true
  }
}

/** What a copy takes, or will take. */
const bytesOf = ({ complete, expectedBytes, receivedBytes }: Copy): number =>
  complete ? (receivedBytes as number) : Math.max((expectedBytes as number | undefined) ?? 0, receivedBytes as number)

/** Where a copy stands among the others: by the instant of its segment, or by that of its arrival. */
function ageOf({ target, status, arrivedMs }: Pick<Copy, 'target' | 'status' | 'arrivedMs'>): EpochMs {
  const { config, number } = target
  if (!config || number === undefined || isNegative(status)) return arrivedMs
  return Math.min(expectedPublication(config, number) as number, arrivedMs as number)
}
