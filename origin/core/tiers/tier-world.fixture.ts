import { expect } from 'vitest'
import { TierCore } from './tier-core.ts'
import type { AskId, FlightId, ReaderId, TierBody, TierConfig, TierCount, TierEffect } from './tier-effect.ts'

// A world around the core of the tiers, in virtual time: cache servers that can be slow, hang, die and damage what they
// keep, and a store. A chunk's bytes are a text that names body and chunk, so that a mix-up is seen.

export const bodyOf = (name: string, chunks = 4): TierBody => ({ id: name, chunks, chunkBytes: 100 })

export const settings: TierConfig = {
  servers: ['one', 'two'],
  readMs: 100,
  writeMs: 400,
  failures: 3,
  restMs: 500,
  longestRestMs: 4_000,
  writingBytes: 2_000,
  bodies: 100,
  readers: 2_000,
}

export interface ServerMode {
  readonly is: 'well' | 'dead' | 'hung'
  readonly takesMs: number
}

interface Reader {
  readonly body: TierBody
  readonly first: number
  readonly last: number
  readonly askedMs: number
}
export interface Ended extends Reader {
  readonly endedMs: number
  readonly served: boolean
}

const bytesOf = (id: string, chunk: number) => `${id}#${chunk}`

export class TierWorld {
  now = 0
  readonly core: TierCore
  readonly config: TierConfig
  readonly servers = new Map<string, { mode: ServerMode; readonly items: Map<string, string> }>()
  readonly store = { takesMs: 20, fails: false, bodies: new Set<string>() }
  readonly counts = new Map<TierCount, number>()
  readonly ended: Ended[] = []
  readonly log: TierEffect[] = []
  /** Bytes that the driver holds. */
  readonly held = new Map<FlightId, { readonly body: TierBody; readonly chunks: Map<number, string> }>()
  readonly waiting = new Map<ReaderId, Reader>()
  readonly #abandoned = new Set<AskId>()
  readonly #reading = new Map<string, number>()
  readonly #removed = new Set<string>()
  #events: { readonly atMs: number; readonly run: () => readonly TierEffect[] }[] = []

  constructor(config: Partial<TierConfig> = {}) {
    this.config = { ...settings, ...config }
    this.core = new TierCore(this.config)
    for (const name of this.config.servers) {
      this.servers.set(name, { mode: { is: 'well', takesMs: 2 }, items: new Map() })
    }
  }

  count(name: TierCount): number {
    return this.counts.get(name) ?? 0
  }

  read(body: TierBody, first = 0, last = body.chunks - 1): void {
    const reading = this.core.read(body, first, last, this.now)
    if (reading.do === 'refuse') throw new Error(`refused: ${reading.reason}`)
    this.#hold(reading.flight, body)
    this.waiting.set(reading.reader, { body, first, last, askedMs: this.now })
    this.#apply(reading.effects)
  }

  /** The store acknowledges `body`. */
  publish(body: TierBody): void {
    this.store.bodies.add(body.id)
    const { flight, effects } = this.core.published(body, this.now)
    const { chunks } = this.#hold(flight, body)
    for (let chunk = 0; chunk < body.chunks; chunk++) chunks.set(chunk, bytesOf(body.id, chunk))
    this.#apply(effects)
  }

  remove(body: TierBody): void {
    this.store.bodies.delete(body.id)
    this.#removed.add(body.id)
    this.#apply(this.core.removed(body, this.now).effects)
  }

  setServer(name: string, mode: ServerMode): void {
    const server = this.#server(name)
    server.mode = mode
    if (mode.is === 'dead') server.items.clear()
  }

  damage(name: string): void {
    const { items } = this.#server(name)
    for (const key of items.keys()) items.set(key, 'corrupt')
  }

  advance(byMs: number): void {
    const untilMs = this.now + byMs
    for (;;) {
      const [next] = this.#events.sort((a, b) => a.atMs - b.atMs)
      const wakeMs = this.core.nextWakeMs() ?? Infinity
      const nextMs = Math.min(next?.atMs ?? Infinity, wakeMs as number)
      if (nextMs > untilMs) break
      this.now = Math.max(this.now, nextMs)
      if (next && next.atMs <= (wakeMs as number)) {
        this.#events.shift()
        this.#apply(next.run())
      } else this.#apply(this.core.wake(this.now))
    }
    this.now = untilMs
  }

  #server(name: string) {
    return this.servers.get(name) as { mode: ServerMode; readonly items: Map<string, string> }
  }

  #hold(flight: FlightId, body: TierBody) {
    const held = this.held.get(flight) ?? { body, chunks: new Map<number, string>() }
    this.held.set(flight, held)
    return held
  }

  #flight(flight: FlightId) {
    const held = this.held.get(flight)
    if (!held) throw new Error(`flight ${flight} has landed already`)
    return held
  }

  #apply(effects: readonly TierEffect[]): void {
    for (const effect of effects) this.#carryOut(effect)
  }

  #carryOut(effect: TierEffect): void {
    this.log.push(effect)
    switch (effect.do) {
      case 'count':
        this.counts.set(effect.name, this.count(effect.name) + effect.by)
        break
      case 'ask-cache':
        this.#askCache(effect)
        break
      case 'write-cache': {
        const { body, chunks } = this.#flight(effect.flight)
        const values = effect.chunks.map(chunk => [bytesOf(body.id, chunk), chunks.get(chunk)] as const)
        for (const [key, value] of values) expect(value, 'only what has arrived is written').toBe(key)
        this.#change(effect.ask, effect.server, items => {
          for (const [key, value] of values) items.set(key, value as string)
        })
        break
      }
      case 'delete-from-cache':
        this.#change(effect.ask, effect.server, items => {
          for (let chunk = 0; chunk < effect.body.chunks; chunk++) items.delete(bytesOf(effect.body.id, chunk))
        })
        break
      case 'ask-store':
        this.#askStore(effect)
        break
      case 'abandon':
        this.#abandoned.add(effect.ask)
        break
      case 'serve':
        this.#serve(effect)
        break
      case 'fail':
        for (const reader of effect.readers) this.#end(reader, false)
        break
      case 'land':
        this.#flight(effect.flight)
        this.held.delete(effect.flight)
    }
  }

  #askCache({ ask, server: name, flight, chunks }: Extract<TierEffect, { do: 'ask-cache' }>): void {
    const server = this.#server(name)
    const { body, chunks: arrived } = this.#flight(flight)
    this.#answer(name, ask, () => {
      const found = chunks.filter(chunk => server.items.get(bytesOf(body.id, chunk)) === bytesOf(body.id, chunk))
      const corrupt = chunks.filter(chunk => server.items.has(bytesOf(body.id, chunk)) && !found.includes(chunk))
      for (const chunk of found) arrived.set(chunk, bytesOf(body.id, chunk))
      return this.core.cacheRead(ask, found, corrupt)
    })
  }

  #change(ask: AskId, name: string, change: (items: Map<string, string>) => void): void {
    this.#answer(name, ask, () => {
      change(this.#server(name).items)
      return this.core.cacheChanged(ask)
    })
  }

  #answer(name: string, ask: AskId, answer: () => readonly TierEffect[]): void {
    const { is, takesMs } = this.#server(name).mode
    if (is === 'hung') return
    this.#later(takesMs, () => {
      if (this.#abandoned.has(ask)) return []
      return is === 'dead' || this.#server(name).mode.is === 'dead' ? this.core.cacheFailed(ask, this.now) : answer()
    })
  }

  #askStore({ ask, flight, first, last }: Extract<TierEffect, { do: 'ask-store' }>): void {
    const { body, chunks } = this.#flight(flight)
    const keys = Array.from({ length: last - first + 1 }, (_, i) => bytesOf(body.id, first + i))
    for (const key of keys) {
      const reading = (this.#reading.get(key) ?? 0) + 1
      if (!this.#removed.has(body.id)) expect(reading, `store reads of ${key} under way`).toBe(1)
      this.#reading.set(key, reading)
    }
    this.#later(this.store.takesMs, () => {
      for (const key of keys) this.#reading.set(key, (this.#reading.get(key) as number) - 1)
      if (this.store.fails || !this.store.bodies.has(body.id)) return this.core.storeFailed(ask)
      for (const [i, key] of keys.entries()) chunks.set(first + i, key)
      return this.core.storeRead(ask, this.now)
    })
  }

  #serve({ flight, readers }: Extract<TierEffect, { do: 'serve' }>): void {
    const { body, chunks } = this.#flight(flight)
    for (const id of readers) {
      const reader = this.waiting.get(id) as Reader
      expect(reader.body.id, 'a reader gets the body that it asked for').toBe(body.id)
      for (let chunk = reader.first; chunk <= reader.last; chunk++) {
        expect(chunks.get(chunk)).toBe(bytesOf(body.id, chunk))
      }
      this.#end(id, true)
    }
  }

  #end(id: ReaderId, served: boolean): void {
    const reader = this.waiting.get(id)
    if (!reader) throw new Error(`reader ${id} ended twice`)
    this.waiting.delete(id)
    this.ended.push({ ...reader, endedMs: this.now, served })
  }

  #later(takesMs: number, run: () => readonly TierEffect[]): void {
    this.#events.push({ atMs: this.now + takesMs, run })
  }
}
