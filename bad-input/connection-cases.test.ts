import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RawClient } from '../edge/http/testing/raw-client.ts'
import { connectionCases } from './connection-cases.ts'
import type { Grounds } from './grounds.ts'
import { runConnectionCase } from './run-connection-case.ts'
import { askWell, inTime } from './run-request-case.ts'
import { startOwnGrounds } from './testing/own-process.ts'

const clientConnections = 250
let grounds: Grounds & { close(): Promise<void> }
beforeAll(async () => {
  grounds = await startOwnGrounds({
    slowReaderMs: 400,
    clientConnections,
    listener: { headersTimeout: 400, requestTimeout: 400, connectionsCheckingInterval: 50 },
  })
})
afterAll(() => grounds.close())

describe('what clients do with connections', () => {
  it.each(connectionCases)('$name', async connectionCase => {
    // At once, because each takes as long as the bound that it meets; the warm ones are on the same edges.
    const targets = grounds.targets.filter(({ warm }) => !warm)
    const problems = await Promise.all(targets.map(target => runConnectionCase(target, connectionCase)))
    expect(problems.flat()).toEqual([])
  })

  it('one client has more connections than one may have', async () => {
    for (const target of grounds.targets.filter(({ warm }) => !warm)) {
      const before = (await target.view.counts())['refused.client_connections'] ?? 0
      const clients = await Promise.all(Array.from({ length: clientConnections }, () => RawClient.connect(target.url)))
      const refused = await RawClient.connect(target.url)
      expect(await inTime(refused.end()), target.name).toBe('')
      expect((await target.view.counts())['refused.client_connections'], target.name).toBeGreaterThan(before)
      for (const { socket } of clients) socket.destroy()
      await Promise.all(clients.map(client => client.end()))
      while ((await askWell(target, target.nextPath(), 'afterwards')).length > 0) await new Promise(setImmediate)
    }
  })
})
