// The shape of each kind of mark: told apart without colour, and the same as beside the numbers.

export type MarkKind = 'hit' | 'negative' | 'collapsed' | 'fill' | 'refused' | 'held'

interface Shape {
  /** Custom property of the page's style. */
  readonly color: string
  readonly draw: 'fill' | 'stroke'
  path(context: CanvasRenderingContext2D, x: number, y: number): void
}

const size = 4.5

export const shapes: Readonly<Record<MarkKind, Shape>> = {
  hit: { color: 'hit', draw: 'fill', path: (context, x, y) => context.arc(x, y, size - 0.5, 0, 7) },
  negative: { color: 'hit', draw: 'stroke', path: (context, x, y) => context.arc(x, y, size - 1, 0, 7) },
  held: { color: 'held', draw: 'fill', path: (context, x, y) => context.rect(x - size, y - size, 2 * size, 2 * size) },
  collapsed: {
    color: 'collapsed',
    draw: 'fill',
    path(context, x, y) {
      context.moveTo(x, y - size - 1)
      context.lineTo(x + size + 1, y)
      context.lineTo(x, y + size + 1)
      context.lineTo(x - size - 1, y)
    },
  },
  fill: {
    color: 'fill',
    draw: 'fill',
    path(context, x, y) {
      context.moveTo(x - size, y - size)
      context.lineTo(x + size + 1, y)
      context.lineTo(x - size, y + size)
    },
  },
  refused: {
    color: 'fill',
    draw: 'stroke',
    path(context, x, y) {
      context.moveTo(x - size, y - size)
      context.lineTo(x + size, y + size)
      context.moveTo(x + size, y - size)
      context.lineTo(x - size, y + size)
    },
  },
}

/** Draws one mark in `color`. */
export function drawMark(
  context: CanvasRenderingContext2D,
  kind: MarkKind,
  { x, y, color }: { x: number; y: number; color: string },
): void {
  const { draw, path } = shapes[kind]
  context.fillStyle = color
  context.strokeStyle = color
  context.lineWidth = 1.8
  context.beginPath()
  path(context, x, y)
  context[draw]()
}
