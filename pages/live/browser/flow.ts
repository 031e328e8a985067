import type { Flow, SideUpdate } from '../update.ts'
import { inkOf } from './dom.ts'
import { drawMark, type MarkKind, shapes } from './shapes.ts'

// Requests as marks that travel between viewers, edge and origin. What waits at the edge or is held at the origin stands
// there in stacks. Where there are many, one mark stands for several, and the page says for how many.

/** What happened of late, and what stands at each place. */
type Shown = Pick<SideUpdate, 'flow' | 'fetching' | 'joined' | 'held'>

/** What travels; what is held stands. */
type Kind = Exclude<MarkKind, 'held'>

interface Mark {
  readonly kind: Kind
  readonly lane: number
  readonly bornMs: number
}

const kinds: readonly [Kind, keyof Flow][] = [
  ['hit', 'hits'],
  ['negative', 'negative'],
  ['collapsed', 'collapsed'],
  ['fill', 'fills'],
  ['refused', 'refused'],
]
/** Of each kind between two updates; more would be a smear. */
const marksOfAKind = 12
const mostMarks = 400
const mostStacked = 48
const updateMs = 200
const travelMs: Readonly<Record<Kind, number>> = {
  hit: 900,
  negative: 900,
  collapsed: 1_500,
  fill: 1_700,
  refused: 900,
}
const places = { viewers: 0.07, edge: 0.5, origin: 0.93 } as const

export class FlowView {
  readonly #canvas: HTMLCanvasElement
  #marks: Mark[] = []
  #stacks = { fetching: 0, joined: 0, held: 0 }
  #frame = 0
  #colors: Record<string, string> = {}

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
    this.recolor()
  }

  recolor(): void {
    this.#colors = Object.fromEntries(
      ['hit', 'fill', 'collapsed', 'held', 'quiet', 'grid', 'ink'].map(name => [name, inkOf(`--${name}`)]),
    )
  }

  /** Takes in what happened; gives for how many requests one mark stands. */
  take({ flow, fetching, joined, held }: Shown): number {
    const most = Math.max(...kinds.map(([, of]) => flow[of]))
    const each = stepOf(most / marksOfAKind)
    const bornMs = performance.now()
    for (const [kind, of] of kinds) {
      const exact = flow[of] / each
      // What is left over becomes a mark by chance, so that rare ones are seen at all.
      const count = Math.floor(exact) + (Math.random() < exact % 1 ? 1 : 0)
      for (let i = 0; i < count; i++) {
        this.#marks.push({ kind, lane: Math.random(), bornMs: bornMs + Math.random() * updateMs })
      }
    }
    if (this.#marks.length > mostMarks) this.#marks = this.#marks.slice(-mostMarks)
    this.#stacks = { fetching, joined, held }
    return each
  }

  start(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw())
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#marks = []
  }

  #draw(): void {
    this.#frame = requestAnimationFrame(() => this.#draw())
    const { clientWidth: width, clientHeight: height } = this.#canvas
    if (width === 0) return
    const scale = devicePixelRatio
    if (this.#canvas.width !== Math.round(width * scale) || this.#canvas.height !== Math.round(height * scale)) {
      this.#canvas.width = Math.round(width * scale)
      this.#canvas.height = Math.round(height * scale)
    }
    const context = this.#canvas.getContext('2d')
    if (!context) return
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, width, height)
    this.#drawPlaces(context, width, height)
    this.#drawStack(context, 'fill', this.#stacks.fetching, places.edge * width + 16, height)
    this.#drawStack(context, 'collapsed', this.#stacks.joined, places.edge * width - 16, height, -1)
    this.#drawStack(context, 'held', this.#stacks.held, places.origin * width - 16, height, -1)
    const now = performance.now()
    this.#marks = this.#marks.filter(({ kind, bornMs }) => now - bornMs < travelMs[kind])
    for (const mark of this.#marks) {
      const part = (now - mark.bornMs) / travelMs[mark.kind]
      if (part < 0) continue
      const { x, y, fade } = placeOf(mark, part, width, height)
      context.globalAlpha = fade
      this.#shape(context, mark.kind, x, y)
    }
    context.globalAlpha = 1
  }

  #drawPlaces(context: CanvasRenderingContext2D, width: number, height: number): void {
    context.strokeStyle = this.#color('grid')
    context.fillStyle = this.#color('quiet')
    context.lineWidth = 1
    context.font = '12px system-ui, sans-serif'
    const words: [keyof typeof places, CanvasTextAlign][] = [
      ['viewers', 'left'],
      ['edge', 'center'],
      ['origin', 'right'],
    ]
    for (const [place, align] of words) {
      const x = places[place] * width
      context.beginPath()
      context.moveTo(x, 22)
      context.lineTo(x, height - 4)
      context.stroke()
      context.textAlign = align
      context.fillText(place === 'edge' ? 'edges' : place, align === 'left' ? 2 : align === 'right' ? width - 2 : x, 13)
    }
  }

  /** What stands at a place: columns of eight. */
  #drawStack(
    context: CanvasRenderingContext2D,
    kind: MarkKind,
    count: number,
    fromX: number,
    height: number,
    direction = 1,
  ): void {
    const shown = Math.min(mostStacked, count)
    for (let i = 0; i < shown; i++) {
      const x = fromX + direction * Math.floor(i / 8) * 13
      const y = height - 14 - (i % 8) * 14
      this.#shape(context, kind, x, y)
    }
    if (count <= shown) return
    context.fillStyle = this.#color('ink')
    context.textAlign = direction > 0 ? 'left' : 'right'
    context.fillText(`+${count - shown}`, fromX + direction * 6 * 13, height - 10)
  }

  #color(name: string): string {
    return this.#colors[name] ?? '#888'
  }

  #shape(context: CanvasRenderingContext2D, kind: MarkKind, x: number, y: number): void {
    drawMark(context, kind, { x, y, color: this.#color(shapes[kind].color) })
  }
}

/** 1, 2, 5, 10, 20, …: the first that is not smaller. */
function stepOf(least: number): number {
  for (let power = 1; ; power *= 10) for (const step of [1, 2, 5]) if (step * power >= least) return step * power
}

/** Where a mark is when `part` of its way is done. */
function placeOf({ kind, lane }: Mark, part: number, width: number, height: number) {
  const top = 34
  const y = top + lane * (height - top - 12)
  const fade = Math.min(1, 6 * part, 6 * (1 - part))
  const { viewers, edge, origin } = places
  const between = (from: number, to: number, share: number) => (from + (to - from) * ease(share)) * width
  switch (kind) {
    case 'fill':
      return { x: between(viewers, origin, part), y, fade }
    case 'collapsed': {
      // It comes to the edge, stays there, and goes back with what the other one has fetched.
      const x =
        part < 0.3
          ? between(viewers, edge, part / 0.3)
          : part < 0.7
            ? edge * width
            : between(edge, viewers, (part - 0.7) / 0.3)
      return { x, y, fade }
    }
    default: {
      const x = part < 0.5 ? between(viewers, edge, part * 2) : between(edge, viewers, part * 2 - 1)
      return { x, y: kind === 'refused' && part > 0.5 ? y + (part - 0.5) * 20 : y, fade }
    }
  }
}

const ease = (share: number): number => share * share * (3 - 2 * share)
