import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startEdge } from '../../edge/http/main.ts'
import { eventDefaults, parseLiveEvent } from '../../live/event.ts'
import { now } from '../../process/clock.ts'
import { originConfigSchema } from '../http/config.ts'
import { startOrigin } from '../http/main.ts'
import { pipelineConfigSchema } from './config.ts'
import { startPipeline } from './main.ts'
import { loadAsset } from './media/asset.ts'

// A real player on the real thing: origin, two pipelines with real media, an edge, and ffmpeg on both manifests. Two
// ways of its DASH reader (libavformat/dashdec.c) are not those of other players. It subtracts the time-shift buffer
// from the event's age as unsigned numbers, and so plays only events that are older than their window: this one is. And
// it asks for the next segment without a look at when that becomes available, so it is made to read at the media's own
// pace (-re); its HLS reader waits for the playlist.

const tokens = { publish: 'publish-token', control: 'control-token' }
const segmentMs = 2_000
const windowMs = 20_000
const playSeconds = 20
/** Of 20 s that are asked for, ffmpeg may stop at the packet before. */
const playedUs = (playSeconds - 0.1) * 1e6

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0
if (!hasFfmpeg) console.warn('SKIPPED: ffmpeg is not installed; no player has read the manifests')

const closers: (() => Promise<void>)[] = []
let edgeUrl = ''

beforeAll(async () => {
  if (!hasFfmpeg) return
  const event = parseLiveEvent({
    ...eventDefaults,
    event: 'final',
    body: 'cmaf',
    dvrWindowMs: windowMs,
    dvrAfterMs: windowMs,
    startMs: (now() as number) - 3 * windowMs,
    renditions: loadAsset().renditions.map(rendition => rendition.description),
  })
  const backlogUntilMs = (now() as number) + 10_000
  const origin = await startOrigin(originConfigSchema.parse({ name: 'origin', event, backlogUntilMs }), tokens)
  closers.push(() => origin.close())
  const pipelines = await Promise.all(
    ['a', 'b'].map(pipeline => {
      const common = { name: `pipeline-${pipeline}`, pipeline, event, publishTo: [origin.urls.publish as string] }
      return startPipeline(pipelineConfigSchema.parse({ ...common, backlogSegments: windowMs / segmentMs }), tokens)
    }),
  )
  closers.push(...pipelines.map(pipeline => () => pipeline.close()))
  await vi.waitFor(async () => expect(await Promise.all(pipelines.map(backlogLeft))).toEqual([0, 0]), 10_000)
  const edge = await startEdge(
    { name: 'a1', site: 'a', origins: [{ url: origin.urls.delivery as string }], events: [event.event] },
    tokens.control,
  )
  closers.push(() => edge.close())
  edgeUrl = edge.url
}, 20_000)

afterAll(async () => {
  for (const close of closers.reverse()) await close()
}, 20_000)

async function backlogLeft(pipeline: { urls: { control: string } }): Promise<number> {
  const headers = { authorization: `Bearer ${tokens.control}` }
  const response = await fetch(`${pipeline.urls.control}/state`, { headers })
  const { targets } = (await response.json()) as { targets: { initsLeft: number; backlogLeft: number }[] }
  return targets.reduce((sum, target) => sum + target.initsLeft + target.backlogLeft, 0)
}

/** What ffmpeg said and how far it came when it read `url`. */
async function play(url: string, ...pace: string[]) {
  const input = ['-v', 'error', '-nostdin', '-progress', 'pipe:1', ...pace, '-i', url]
  const child = spawn('ffmpeg', [...input, '-t', String(playSeconds), '-f', 'null', '-'])
  let errors = ''
  let progress = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text
  })
  child.stdout.setEncoding('utf8').on('data', text => {
    progress += text
  })
  const bound = setTimeout(() => child.kill('SIGKILL'), 40_000)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(bound)
  return { code, errors, positionUs: Number([...progress.matchAll(/^out_time_us=(\d+)$/gm)].at(-1)?.[1] ?? 0) }
}

it.skipIf(!hasFfmpeg)(
  'ffmpeg plays 20 s of the DASH manifest and of the HLS playlists through the edge, without a word',
  async () => {
    const played = await Promise.all([
      play(`${edgeUrl}/live/final/manifest.mpd`, '-re'),
      play(`${edgeUrl}/live/final/main.m3u8`),
    ])
    for (const { code, errors, positionUs } of played) {
      expect(errors).toBe('')
      expect(code).toBe(0)
      expect(positionUs).toBeGreaterThan(playedUs)
    }
  },
  60_000,
)
