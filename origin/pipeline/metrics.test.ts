import { afterEach, describe, expect, it, vi } from 'vitest'
import { eventDefaults, type LiveEvent, parseLiveEvent } from '../../live/event.ts'
import { now } from '../../process/clock.ts'
import { pipelineConfigSchema } from './config.ts'
import { FakeOrigin, type Manners } from './fake-origin.ts'
import { type RunningPipeline, startPipeline } from './main.ts'

const tokens = { publish: 'publish-token', control: 'control-token' }
const toClose: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close()
})

const event = (): LiveEvent =>
  parseLiveEvent({
    ...eventDefaults,
    event: 'final',
    startMs: now(),
    segmentMs: 200,
    publishDelayMs: 50,
    renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 800_000, codecs: 'none', timescale: 90_000 }],
  })

async function pipelineOf(manners: Manners | undefined, given: object): Promise<RunningPipeline> {
  const origin = await new FakeOrigin(manners).open()
  toClose.push(() => origin.close())
  const config = { name: 'pipeline-a', pipeline: 'a', event: event(), publishTo: [origin.url], ...given }
  const pipeline = await startPipeline(pipelineConfigSchema.parse(config), tokens)
  toClose.push(() => pipeline.close())
  return pipeline
}

describe('the metrics of a pipeline', () => {
  it('count PUTs by what became of them, and say how long they took', async () => {
    const pipeline = await pipelineOf((_, earlier) => (earlier.length === 0 ? 503 : 201), { metricsPort: 0 })
    const scrape = async () => (await fetch(`${pipeline.urls.metrics}/metrics`)).text()
    const accepted = /^tidegate_requests_total{status="201",reason="answered",role="pipeline",name="pipeline-a"} [1-9]/m
    await vi.waitFor(async () => expect(await scrape()).toMatch(accepted), { timeout: 5_000 })
    const text = await scrape()
    expect(text).toContain(
      'tidegate_requests_total{status="503",reason="answered",role="pipeline",name="pipeline-a"} 1\n',
    )
    expect(text).toMatch(/^tidegate_put_seconds{quantile="0.99",role="pipeline",name="pipeline-a"} 0\.\d+$/m)
    expect(text).toMatch(/^tidegate_bytes_sent_total{role="pipeline",name="pipeline-a"} [1-9]\d*$/m)
  })

  it('are off unless a port is named', async () => {
    const pipeline = await pipelineOf(undefined, {})
    expect(pipeline.urls).not.toHaveProperty('metrics')
  })
})
