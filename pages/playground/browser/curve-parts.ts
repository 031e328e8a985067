import { formatMs, formatNumber } from '../../../results/render/format.ts'
import { find } from '../../live/browser/dom.ts'
import { type StormInput, stormCommand } from '../input.ts'
import type { drawnFigures, MeasuredPoint, MeasuredStorm } from '../measured.ts'
import type { StormResult } from '../messages.ts'
import { jitterCurve, type NamedStorm, stormsOf, type Values } from '../storms.ts'
import type { Crew } from './crew.ts'
import { type CurveOptions, CurveView, type MarkOnCurve, type OverCurve } from './curve-view.ts'
import { policyStroke } from './curves.ts'
import { table, tableOf } from './figure-rows.ts'
import { Part } from './part.ts'

// Parts that show a figure over an input: waits over the jitter, and what was measured over the viewers.

type Figures = StormResult['figures']
type Point = [x: number, y: number]

const waitFigure = 'publication_to_first_byte_ms_p99'

export class JitterPart extends Part {
  readonly #view: CurveView

  constructor(article: HTMLElement, crew: Crew) {
    super(article, crew, 'jitter')
    this.#view = new CurveView(find('[data-field="picture"]', article))
  }

  protected override run(values: Values): void {
    const jitterMs = Number(values.jitterMs)
    const points = new Map<string, Point[]>([
      ['nginx', []],
      ['oca', []],
    ])
    const here = new Map<string, Figures>()
    const curve = jitterCurve(Number(values.viewers))
    const chosen = stormsOf('jitter', values)
    const policies = new Map<string, string>()
    const hashes = new Map<string, string>()
    let left = curve.length + chosen.length
    const draw = () => {
      const marks = [...here].map(([name, figures]): MarkOnCurve => {
        return { stroke: policyStroke[name] ?? 0, x: jitterMs, y: figures[waitFigure] ?? 0, isMeasured: true }
      })
      const ms = (value: number) => `${formatMs(value)} ms`
      this.#view.show(curvesOf(points), marks, { isLog: false, of: 'late by up to', x: value => `${value} ms`, y: ms })
      if (here.size < chosen.length) return
      const wait = (name: string): string => formatMs(here.get(name)?.[waitFigure])
      this.says(
        `Late by up to ${formatNumber(jitterMs)} ms: 99 of 100 waited at most ${wait('nginx')} ms behind nginx, and ${wait('oca')} ms behind oca.`,
      )
      this.showsTable(tableOf(chosen.map(({ name }) => ({ name, figures: here.get(name) ?? {} }))))
      const names = chosen.map(({ name }) => policies.get(name) ?? name)
      const hash = chosen.map(({ name }) => hashes.get(name)).join(', ')
      this.showsCommand(stormCommand((chosen[0] as NamedStorm).input, names), `decisions ${hash}`)
      if (left === 0) this.settles()
    }
    for (const { name, input, x } of curve) {
      const job = this.crew.figures(
        input,
        figures => {
          left--
          points.get(name)?.push([x, figures[waitFigure] ?? 0])
          draw()
        },
        why => this.fails(why),
      )
      this.owns(job)
    }
    for (const { name, input } of chosen) {
      this.owns(
        this.crew.storm(input, false, {
          onState: ({ policy }) => policies.set(name, policy),
          onOver: ({ figures, decisions }) => {
            left--
            here.set(name, figures)
            hashes.set(name, decisions.hash)
            draw()
          },
          onFailed: why => this.fails(why),
        }),
      )
    }
  }
}

const curvesOf = (points: ReadonlyMap<string, readonly Point[]>): OverCurve[] =>
  [...points].map(([name, known]) => ({
    name,
    stroke: policyStroke[name] ?? 0,
    points: known.toSorted((a, b) => a[0] - b[0]),
  }))

/** Viewers at which a curve is known, beside those that were measured. */
const usualViewers = [3, 10, 30, 100, 300, 1_000, 3_000]
/** The curve goes on this much beyond what was measured. */
const beyond = 10
/** A storm of more would keep a reader waiting. */
const mostViewers = 20_000

export class MeasuredPart extends Part {
  readonly #view: CurveView
  readonly #storms: readonly MeasuredStorm[]

  constructor(article: HTMLElement, crew: Crew, storms: readonly MeasuredStorm[]) {
    super(article, crew, undefined)
    this.#storms = storms
    this.#view = new CurveView(find('[data-field="picture"]', article))
  }

  protected override run(values: Values): void {
    const storm = this.#storms[Number(values.storm ?? 0)] as MeasuredStorm
    const figure = String(values.figure) as (typeof drawnFigures)[number][0]
    const names = [...new Set(storm.points.map(({ name }) => name))]
    const strokeOf = (name: string): number => names.indexOf(name)
    const curves = new Map<string, Point[]>(names.map(name => [name, []]))
    const marks = storm.points.flatMap((point): MarkOnCurve[] => {
      const y = point.figures[figure]
      const isMeasured = point.world === 'real'
      return y === undefined ? [] : [{ stroke: strokeOf(point.name), x: point.viewers, y, isMeasured }]
    })
    const text = (value: number): string => formatNumber(value)
    const options: CurveOptions = { isLog: true, of: 'viewers', x: text, y: text }
    const draw = () => {
      const shown = [...curves].map(
        ([name, points]): OverCurve => ({
          name,
          stroke: strokeOf(name),
          points: points.toSorted((a, b) => a[0] - b[0]),
        }),
      )
      this.#view.show(shown, marks, options)
      this.#tell(storm.points, figure, curves)
    }
    draw()
    const wanted = inputsOf(storm)
    let left = wanted.length
    if (left === 0) this.settles()
    for (const { name, viewers, input } of wanted) {
      const job = this.crew.figures(
        input,
        figures => {
          left--
          const y = figures[figure]
          if (y !== undefined) curves.get(name)?.push([viewers, y])
          draw()
          if (left === 0) this.settles()
        },
        why => this.fails(why),
      )
      this.owns(job)
    }
  }

  /** Each point beside what is simulated for as many viewers. */
  #tell(points: readonly MeasuredPoint[], figure: string, curves: ReadonlyMap<string, readonly Point[]>): void {
    const rows = points.map(({ name, world, viewers, figures }) => {
      const measured = figures[figure]
      const simulated = curves.get(name)?.find(([x]) => x === viewers)?.[1]
      return {
        name: `${name}${world === 'simulated' ? ' (simulated)' : ''}`,
        viewers,
        measured,
        simulated,
        apart:
          measured === undefined || simulated === undefined || measured === 0 ? undefined : simulated / measured - 1,
      }
    })
    this.showsTable(
      table(
        ['', 'viewers', 'in the record', 'on the curve', 'apart'],
        rows.map(({ name, viewers, measured, simulated, apart }) => [
          name,
          formatNumber(viewers),
          formatNumber(measured),
          formatNumber(simulated),
          apart === undefined ? '–' : percent(apart),
        ]),
      ),
    )
    const known = rows.flatMap(({ name, measured, simulated }) =>
      simulated === undefined
        ? []
        : [`${name}: ${formatNumber(measured)} in the record, ${formatNumber(simulated)} on the curve`],
    )
    if (known.length > 0) this.says(`${known.join('; ')}.`)
  }
}

const percent = (share: number): string => `${share > 0 ? '+' : ''}${formatNumber(Math.round(1_000 * share) / 10)} %`

function inputsOf({ base, points }: MeasuredStorm): { name: string; viewers: number; input: StormInput }[] {
  if (base === undefined) return []
  const measured = points.map(({ viewers }) => viewers).filter(viewers => viewers > 0 && viewers <= mostViewers)
  const upTo = Math.min(mostViewers, beyond * Math.max(1, ...measured))
  const viewers = [...new Set([...usualViewers.filter(one => one <= upTo), ...measured])].sort((a, b) => b - a)
  const policies = new Map(points.flatMap(({ name, policy }) => (policy ? [[name, policy] as const] : [])))
  return viewers.flatMap(players =>
    [...policies].map(([name, policy]) => ({
      name,
      viewers: players,
      input: { base, policy, players, settings: [], latencies: {} },
    })),
  )
}
