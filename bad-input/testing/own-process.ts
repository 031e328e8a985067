import type { EdgeConfigInput } from '../../edge/http/config.ts'
import type { ListenerBounds } from '../../edge/http/server.ts'
import { startEdge } from '../../edge/http/start.ts'
import { originConfigSchema } from '../../origin/http/config.ts'
import { type OriginParts, startOrigin } from '../../origin/http/start.ts'
import { type Grounds, type Starter, startGrounds } from '../grounds.ts'

// Edges and origins within the test's own process: an exception that nobody caught ends the test.

export const controlToken = 'control-token-of-the-tests'
const publishToken = 'publish-token-of-the-tests'

/** Starts everything; `bounds` are shorter ones than the limits, where a test would have to wait for those. */
export async function startOwnGrounds(
  bounds: ListenerBounds & OriginParts = {},
): Promise<Grounds & { close(): Promise<void> }> {
  const running: { close(): Promise<void> }[] = []
  const { listener, slowReaderMs, clientConnections } = bounds
  const starter: Starter = {
    async edge(config: EdgeConfigInput) {
      const edge = await startEdge(config, controlToken, { listener, slowReaderMs, clientConnections })
      running.push(edge)
      return { url: edge.url, controlUrl: edge.controlUrl, controlToken }
    },
    async origin(config) {
      const tokens = { publish: publishToken, control: controlToken }
      const parts = { listener, slowReaderMs, clientConnections }
      const origin = await startOrigin(originConfigSchema.parse(config), tokens, parts)
      running.push(origin)
      const { delivery = '', publish = '' } = origin.urls
      return { ...origin.urls, delivery, publish, controlUrl: origin.urls.control, controlToken, publishToken }
    },
  }
  const grounds = await startGrounds(starter)
  return {
    ...grounds,
    async close() {
      await grounds.upstream.close()
      await Promise.all(running.map(process => process.close()))
    },
  }
}
