import type { Client } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { type Borrower, Connections } from './connections.ts'

class Waiter implements Borrower {
  client: Client | undefined
  start(client: Client): void {
    this.client = client
  }
}

let connections: Connections
afterEach(() => connections.close())

const lendTo = (count: number): Waiter[] =>
  Array.from({ length: count }, () => {
    const waiter = new Waiter()
    connections.lend(waiter)
    return waiter
  })

describe('connections', () => {
  it('are made up to their limit; who comes later waits its turn', () => {
    connections = new Connections('http://127.0.0.1:1', 2)
    const [first, second, third, fourth] = lendTo(4) as [Waiter, Waiter, Waiter, Waiter]
    expect(first.client).not.toBe(second.client)
    expect(third.client).toBeUndefined()
    connections.release(second.client as Client)
    expect(third.client).toBe(second.client)
    expect(fourth.client).toBeUndefined()
  })

  it('go to nobody who has given up waiting', () => {
    connections = new Connections('http://127.0.0.1:1', 1)
    const [first, second, third] = lendTo(3) as [Waiter, Waiter, Waiter]
    connections.forget(second)
    connections.release(first.client as Client)
    expect(second.client).toBeUndefined()
    expect(third.client).toBe(first.client)
  })

  it('are used again, the last one first', () => {
    connections = new Connections('http://127.0.0.1:1', 8)
    const [first, second] = lendTo(2) as [Waiter, Waiter]
    connections.release(first.client as Client)
    connections.release(second.client as Client)
    expect(lendTo(1)[0]?.client).toBe(second.client)
  })

  it('that are discarded make room for a new one', () => {
    connections = new Connections('http://127.0.0.1:1', 1)
    const [first, second] = lendTo(2) as [Waiter, Waiter]
    const discarded = first.client as Client
    connections.discard(discarded)
    expect(second.client).toBeDefined()
    expect(second.client).not.toBe(discarded)
    connections.release(discarded)
    expect(lendTo(1)[0]?.client).toBeUndefined()
  })
})
