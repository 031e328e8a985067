// A canvas that is drawn anew when something changed, as sharp as the screen, at most once a frame.

export interface Paper {
  readonly context: CanvasRenderingContext2D
  readonly width: number
  readonly height: number
}

export class Picture {
  readonly #canvas: HTMLCanvasElement
  readonly #draw: (paper: Paper) => void
  #frame = 0

  constructor(canvas: HTMLCanvasElement, draw: (paper: Paper) => void) {
    this.#canvas = canvas
    this.#draw = draw
    new ResizeObserver(() => this.changed()).observe(canvas)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.changed())
  }

  changed(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#paint())
  }

  #paint(): void {
    this.#frame = 0
    const { clientWidth: width, clientHeight: height } = this.#canvas
    const context = this.#canvas.getContext('2d')
    if (!context || width === 0) return
    const scale = devicePixelRatio
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)]
    if (this.#canvas.width !== wide || this.#canvas.height !== high) {
      this.#canvas.width = wide
      this.#canvas.height = high
    }
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, width, height)
    context.font = '12px system-ui, sans-serif'
    context.textBaseline = 'middle'
    this.#draw({ context, width, height })
  }
}

/** A straight line. */
export function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath()
  context.moveTo(x1, y1)
  context.lineTo(x2, y2)
  context.stroke()
}
