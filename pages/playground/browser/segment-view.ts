import type { EdgeReason } from '../../../live/reasons.ts'
import { drawMark, type MarkKind, shapes } from '../../live/browser/shapes.ts'
import { inkOf } from '../../report/browser/chart.ts'
import type { SegmentTrace, TracedRequest } from '../messages.ts'
import { line, type Paper, Picture } from './picture.ts'
import { drawPublication, drawScale } from './way-view.ts'

// One segment as everybody's requests met it: above what the origin was asked, below each viewer's request from its
// sending to its first byte, by edges. Time goes to the right and counts from the expected publication.

/** Beyond these nothing is learnt: who asks earlier or later has other reasons. */
const earliestMs = -2_300
const latestMs = 1_600
const left = 64
const rightPx = 12
const rowPx = 5

/** What became of a request, as the marks of the live page say it. */
export function kindOf({ status, reason }: TracedRequest): MarkKind {
  if (reason === undefined || reason.startsWith('refused-')) return 'refused'
  if (status >= 400) return reason === 'negative-hit' ? 'negative' : 'refused'
  if (hits.has(reason)) return 'hit'
  return 'collapsed'
}
const hits: ReadonlySet<EdgeReason> = new Set(['hit', 'stale-error', 'stale-updating'])

/** The rendition that most asked for, which the picture shows. */
export function shownRendition({ requests, renditions }: SegmentTrace): string {
  const count = (name: string): number => requests.filter(({ rendition }) => rendition === name).length
  return renditions.toSorted((a, b) => count(b) - count(a)).find(name => name.startsWith('v')) ?? renditions[0] ?? ''
}

export class SegmentView {
  readonly #picture: Picture
  #trace: SegmentTrace | undefined

  constructor(canvas: HTMLCanvasElement) {
    this.#picture = new Picture(canvas, paper => this.#draw(paper))
  }

  show(trace: SegmentTrace): void {
    this.#trace = trace
    this.#picture.changed()
  }

  #draw(paper: Paper): void {
    const trace = this.#trace
    if (!trace) return
    const rendition = shownRendition(trace)
    const requests = trace.requests.filter(
      one => one.rendition === rendition && one.sentMs >= earliestMs && one.sentMs <= latestMs,
    )
    const upstream = trace.upstream.filter(
      one => one.rendition === rendition && one.arrivedMs >= earliestMs - 200 && one.arrivedMs <= latestMs,
    )
    const publishedMs = trace.publishedMs[rendition]
    const instants = [...requests.flatMap(one => [one.sentMs, one.firstByteMs ?? one.sentMs]), publishedMs ?? 0, 0]
    const fromMs = Math.max(earliestMs, Math.min(...instants) - 10)
    const untilMs = Math.min(latestMs + 400, Math.max(...instants) + 15)
    const { context, width, height } = paper
    const xOf = (ms: number): number => left + ((ms - fromMs) / (untilMs - fromMs)) * (width - left - rightPx)
    drawScale(paper, fromMs, untilMs, xOf)
    const bandPx = Math.max(36, Math.min(height * 0.35, 8 + upstream.length * 6))
    this.#drawUpstream(context, upstream, xOf, bandPx)
    context.strokeStyle = inkOf('--grid')
    line(context, 0, bandPx + 4, width, bandPx + 4)
    if (publishedMs !== undefined) drawPublication(context, xOf(publishedMs), width, 4, height - 30)
    this.#drawRequests(context, requests, xOf, { top: bandPx + 12, bottom: height - 36, right: width - rightPx })
  }

  #drawUpstream(
    context: CanvasRenderingContext2D,
    upstream: SegmentTrace['upstream'],
    xOf: (ms: number) => number,
    bandPx: number,
  ): void {
    context.fillStyle = inkOf('--ink')
    context.textAlign = 'left'
    context.fillText('origin', 0, 12)
    context.fillStyle = inkOf('--quiet')
    context.fillText(`${upstream.length} asked`, 0, 27)
    const step = Math.min(7, (bandPx - 8) / Math.max(1, upstream.length))
    for (const [i, { arrivedMs, leavesMs, endsMs, status }] of upstream.entries()) {
      const y = 8 + i * step
      const until = leavesMs ?? endsMs ?? arrivedMs
      context.strokeStyle = inkOf('--held')
      context.lineWidth = Math.max(1, Math.min(4, step - 1))
      if (until - arrivedMs > 1) line(context, xOf(arrivedMs), y, xOf(until), y)
      const kind = status === 200 ? 'fill' : 'refused'
      drawMark(context, kind, { x: xOf(until), y, color: inkOf('--fill') })
    }
    context.lineWidth = 1
  }

  #drawRequests(
    context: CanvasRenderingContext2D,
    requests: readonly TracedRequest[],
    xOf: (ms: number) => number,
    { top, bottom, right }: { readonly top: number; readonly bottom: number; readonly right: number },
  ): void {
    const rows = Math.floor((bottom - top) / rowPx)
    const every = Math.max(1, Math.ceil(requests.length / rows))
    const drawn = requests
      .toSorted((a, b) => (a.edge < b.edge ? -1 : a.edge > b.edge ? 1 : a.sentMs - b.sentMs))
      .filter((_, i) => i % every === 0)
    const step = Math.min(14, (bottom - top) / Math.max(1, drawn.length))
    let before = ''
    for (const [i, request] of drawn.entries()) {
      const y = top + 6 + i * step
      if (request.edge !== before) {
        context.fillStyle = inkOf('--ink')
        context.textAlign = 'left'
        context.fillText(`edge ${request.edge}`, 0, y + 2)
        context.strokeStyle = inkOf('--grid')
        if (before !== '') line(context, left, y - step / 2, right, y - step / 2)
        before = request.edge
      }
      drawRequest(context, request, y, xOf)
    }
  }
}

function drawRequest(
  context: CanvasRenderingContext2D,
  request: TracedRequest,
  y: number,
  xOf: (ms: number) => number,
): void {
  const kind = kindOf(request)
  const color = inkOf(`--${shapes[kind].color}`)
  const endMs = request.firstByteMs ?? request.arrivedMs ?? request.sentMs
  context.strokeStyle = color
  context.lineWidth = 1.5
  context.globalAlpha = 0.55
  line(context, xOf(request.sentMs), y, xOf(endMs), y)
  context.globalAlpha = 1
  drawMark(context, kind, { x: xOf(endMs), y, color })
}
