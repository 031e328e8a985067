import { formatMs, formatNumber } from '../../../results/render/format.ts'
import { element, find } from '../../live/browser/dom.ts'
import { drawMark, type MarkKind, shapes } from '../../live/browser/shapes.ts'
import { inkOf } from '../../report/browser/chart.ts'
import type { SegmentTrace, StormResult } from '../messages.ts'
import type { SectionName } from '../sections.ts'
import type { Values } from '../storms.ts'
import type { Crew } from './crew.ts'
import { StormPart } from './part.ts'
import { kindOf, SegmentView, shownRendition } from './segment-view.ts'
import { WayView, wayOf } from './way-view.ts'

// Parts that follow single requests: one request's way, and one segment as everybody asked for it.

const playerMs = 10

abstract class TracePart extends StormPart {
  constructor(article: HTMLElement, crew: Crew, section: SectionName) {
    super(article, crew, section, true)
  }

  protected override begins(): void {}
  protected override state(): void {}

  protected override over(results: ReadonlyMap<string, StormResult>, values: Values): void {
    const [result] = results.values()
    if (result?.trace) this.shows(result.trace, values)
  }

  protected abstract shows(trace: SegmentTrace, values: Values): void
}

export class OneRequestPart extends TracePart {
  readonly #view: WayView

  constructor(article: HTMLElement, crew: Crew) {
    super(article, crew, 'one-request')
    this.#view = new WayView(find<HTMLCanvasElement>('[data-field="picture"]', article))
    legend(article, [])
  }

  protected override shows(trace: SegmentTrace, values: Values): void {
    const way = wayOf(trace, Number(values.originMs), playerMs)
    this.#view.show(way)
    const firstByteMs = way?.request.firstByteMs
    if (!way || firstByteMs === undefined) {
      this.says('The viewer was not there for this segment.')
      return
    }
    const waitedMs = firstByteMs - way.request.sentMs
    const heldMs = way.upstream?.leavesMs === undefined ? 0 : way.upstream.leavesMs - way.upstream.arrivedMs
    const asked = trace.upstream.filter(({ rendition }) => rendition === way.request.rendition).length
    this.says(
      `The viewer waited ${formatMs(waitedMs)} ms, for ${formatMs(heldMs)} of which the origin held the request. ` +
        `${asked === 1 ? 'One request' : `${asked} requests`} reached the origin.`,
    )
  }
}

export class SegmentPart extends TracePart {
  readonly #view: SegmentView

  constructor(article: HTMLElement, crew: Crew, section: SectionName) {
    super(article, crew, section)
    this.#view = new SegmentView(find<HTMLCanvasElement>('[data-field="picture"]', article))
    legend(article, [
      ['hit', 'out of the cache'],
      ['collapsed', 'got what was being fetched'],
      ['negative', 'a kept 404'],
      ['refused', 'too early: 404'],
      ['fill', 'fetched from the origin'],
      ['held', 'held there'],
    ])
  }

  protected override shows(trace: SegmentTrace): void {
    this.#view.show(trace)
    const rendition = shownRendition(trace)
    const requests = trace.requests.filter(one => one.rendition === rendition)
    const count = (...kinds: MarkKind[]): number => requests.filter(one => kinds.includes(kindOf(one))).length
    const upstream = trace.upstream.filter(one => one.rendition === rendition)
    const fills = upstream.filter(({ status }) => status === 200).length
    const early = count('negative', 'refused')
    this.says(
      `Players asked ${times(requests.length)} for this segment (${rendition}); the origin was asked ${times(upstream.length)}` +
        ` and sent it ${times(fills)}.` +
        (early > 0 ? ` ${formatNumber(early)} asked too early, and got a 404 at once.` : ''),
    )
  }
}

const times = (count: number): string =>
  count === 1 ? 'once' : count === 2 ? 'twice' : count === 0 ? 'never' : `${formatNumber(count)} times`

/** The shapes with their words. */
function legend(article: HTMLElement, kinds: readonly (readonly [MarkKind, string])[]): void {
  const place = find('[data-field="legend"]', article)
  const draw = () =>
    place.replaceChildren(
      ...kinds.map(([kind, text]) => {
        const canvas = element('canvas')
        canvas.width = 16 * devicePixelRatio
        canvas.height = 16 * devicePixelRatio
        const context = canvas.getContext('2d')
        context?.scale(devicePixelRatio, devicePixelRatio)
        if (context) drawMark(context, kind, { x: 8, y: 8, color: inkOf(`--${shapes[kind].color}`) })
        return element('span', {}, canvas, document.createTextNode(text))
      }),
    )
  draw()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
}
