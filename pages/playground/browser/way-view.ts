import { formatMs } from '../../../results/render/format.ts'
import { inkOf } from '../../report/browser/chart.ts'
import type { SegmentTrace, TracedRequest, TracedUpstream } from '../messages.ts'
import { line, type Paper, Picture } from './picture.ts'

// One request's way: time goes to the right, the viewer above, the edge, the origin below. Slanted lines travel, thick
// ones wait.

export interface Way {
  readonly request: TracedRequest
  /** Absent: the edge had it. */
  readonly upstream: TracedUpstream | undefined
  readonly publishedMs: number | undefined
  readonly originMs: number
  readonly playerMs: number
}

/** The way of the video's request in `trace`. */
export function wayOf(trace: SegmentTrace, originMs: number, playerMs: number): Way | undefined {
  const request = trace.requests.find(({ rendition }) => rendition.startsWith('v')) ?? trace.requests[0]
  if (!request) return undefined
  const upstream = trace.upstream.find(({ rendition }) => rendition === request.rendition)
  return { request, upstream, publishedMs: trace.publishedMs[request.rendition], originMs, playerMs }
}

const lanes = ['viewer', 'edge', 'origin'] as const
const left = 58
const right = 14

export class WayView {
  readonly #picture: Picture
  #way: Way | undefined

  constructor(canvas: HTMLCanvasElement) {
    this.#picture = new Picture(canvas, paper => this.#draw(paper))
  }

  show(way: Way | undefined): void {
    this.#way = way
    this.#picture.changed()
  }

  #draw({ context, width, height }: Paper): void {
    const yOf = (lane: number): number => 34 + (lane * (height - 84)) / 2
    context.fillStyle = inkOf('--ink')
    context.strokeStyle = inkOf('--grid')
    for (const [lane, name] of lanes.entries()) {
      context.textAlign = 'left'
      context.fillText(name, 0, yOf(lane))
      line(context, left, yOf(lane), width - right, yOf(lane))
    }
    if (!this.#way) return
    const { request, upstream, publishedMs } = this.#way
    const endMs = request.firstByteMs ?? request.sentMs + 100
    const [fromMs, untilMs] = [request.sentMs, endMs + (endMs - request.sentMs) * 0.06]
    const xOf = (ms: number): number => left + ((ms - fromMs) / (untilMs - fromMs)) * (width - left - right)
    drawScale({ context, width, height }, fromMs, untilMs, xOf)
    if (publishedMs !== undefined && publishedMs >= fromMs) {
      drawPublication(context, xOf(publishedMs), width, yOf(0) + 8, yOf(2) + 12)
    }
    drawWay(context, this.#way, { xOf, yOf }, upstream)
  }
}

interface Places {
  xOf(ms: number): number
  yOf(lane: number): number
}

function drawWay(
  context: CanvasRenderingContext2D,
  { request, originMs, playerMs }: Way,
  { xOf, yOf }: Places,
  upstream: TracedUpstream | undefined,
): void {
  const { sentMs, arrivedMs, firstByteMs } = request
  if (arrivedMs === undefined) return
  context.lineWidth = 2
  context.strokeStyle = inkOf('--fill')
  line(context, xOf(sentMs), yOf(0), xOf(arrivedMs), yOf(1))
  if (upstream)
    line(context, xOf(Math.max(arrivedMs, upstream.arrivedMs - originMs)), yOf(1), xOf(upstream.arrivedMs), yOf(2))
  context.strokeStyle = inkOf('--hit')
  if (upstream?.leavesMs !== undefined) {
    line(context, xOf(upstream.leavesMs), yOf(2), xOf(upstream.leavesMs + originMs), yOf(1))
    wait(context, xOf(upstream.arrivedMs), xOf(upstream.leavesMs), yOf(2), '--held')
    label(context, xOf, upstream.arrivedMs, upstream.leavesMs, yOf(2) - 14, 'held')
  }
  if (firstByteMs === undefined) return
  const leftMs = firstByteMs - playerMs
  line(context, xOf(leftMs), yOf(1), xOf(firstByteMs), yOf(0))
  wait(context, xOf(arrivedMs), xOf(leftMs), yOf(1), '--collapsed')
  label(context, xOf, sentMs, firstByteMs, yOf(0) - 14, 'viewer waits')
}

function wait(context: CanvasRenderingContext2D, from: number, to: number, y: number, color: string): void {
  context.save()
  context.strokeStyle = inkOf(color)
  context.lineWidth = 7
  context.globalAlpha = 0.8
  line(context, from, y, to, y)
  context.restore()
}

function label(
  context: CanvasRenderingContext2D,
  xOf: (ms: number) => number,
  fromMs: number,
  toMs: number,
  y: number,
  what: string,
): void {
  if (toMs - fromMs < 0.5) return
  context.fillStyle = inkOf('--ink')
  context.textAlign = 'center'
  context.fillText(`${what} ${formatMs(toMs - fromMs)} ms`, (xOf(fromMs) + xOf(toMs)) / 2, y)
}

export function drawPublication(
  context: CanvasRenderingContext2D,
  x: number,
  width: number,
  top: number,
  bottom: number,
): void {
  context.save()
  context.strokeStyle = inkOf('--mark')
  context.fillStyle = inkOf('--mark')
  context.setLineDash([4, 3])
  line(context, x, top, x, bottom)
  const isRight = x > width - 80
  context.textAlign = isRight ? 'right' : 'left'
  context.fillText('published', x + (isRight ? -5 : 5), top + 6)
  context.restore()
}

/** Milliseconds around the expected publication, below the picture. */
export function drawScale(
  { context, width, height }: Paper,
  fromMs: number,
  untilMs: number,
  xOf: (ms: number) => number,
): void {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000]
  const most = Math.max(2, width / 90)
  const step = steps.find(one => (untilMs - fromMs) / one <= most) ?? 5_000
  context.save()
  context.fillStyle = inkOf('--quiet')
  context.strokeStyle = inkOf('--grid')
  context.textAlign = 'center'
  for (let ms = Math.ceil(fromMs / step) * step; ms <= untilMs; ms += step) {
    const x = xOf(ms)
    line(context, x, height - 26, x, height - 20)
    if (x > 30 && x < width - 30)
      context.fillText(ms === 0 ? 'on time' : `${ms > 0 ? '+' : ''}${ms} ms`, x, height - 10)
  }
  context.restore()
}
