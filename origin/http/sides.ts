import { createServer, type Server } from 'node:http'
import { limits } from '../../live/limits.ts'
import type { ConnectionBounds } from '../../process/connections.ts'
import { guardListener, listenerOptions } from '../../process/http-guards.ts'
import { delivers, publishes } from './config.ts'
import { Delivery } from './delivery.ts'
import type { OriginRuntime } from './origin-runtime.ts'
import { Publish } from './publish.ts'
import type { OriginParts } from './start.ts'

// The sides of an origin, as its role has them, each behind a listener of its own.

export interface Side {
  readonly side: 'delivery' | 'publish'
  readonly server: Server
  readonly port: number
}

/** Makes the listeners; `open` says when requests are welcome. */
export function makeSides(
  origin: OriginRuntime,
  publishToken: string,
  { listener, slowReaderMs, clientConnections }: OriginParts,
  open: { readonly isOpen: boolean },
): Side[] {
  const { role, deliveryPort, publishPort } = origin.config
  const options = { ...listenerOptions, ...listener }
  const bounds: ConnectionBounds = { slowReaderMs, clientConnections, count: name => origin.books.guarded(name) }
  const sides: Side[] = []
  if (delivers(role)) {
    const delivery = new Delivery(origin, {
      draining: () => origin.draining,
      notReady: () => whyNotReady(origin, open.isOpen),
    })
    const server = createServer(options, (request, response) => delivery.handle(request, response))
    sides.push({ side: 'delivery', server: guardListener(server, bounds), port: deliveryPort })
  }
  if (publishes(role)) {
    const publish = new Publish(origin, publishToken)
    const server = createServer(options, (request, response) => publish.handle(request, response))
    server.on('checkContinue', (request, response) => publish.handle(request, response, () => response.writeContinue()))
    const ofPackagers = { ...bounds, connections: limits.publishConnections }
    sides.push({ side: 'publish', server: guardListener(server, ofPackagers), port: publishPort })
  }
  return sides
}

function whyNotReady({ core }: OriginRuntime, isOpen: boolean): string | undefined {
  if (!isOpen) return 'starting'
  return core.faults().down ? 'a fault switch makes it refuse' : undefined
}
