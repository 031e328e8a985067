import type { Side } from '../../../lab/duel-scenario.ts'
import { formatMs, formatNumber, formatShare } from '../../../results/render/format.ts'
import type { SideUpdate } from '../update.ts'
import { find, write } from './dom.ts'
import { FlowView } from './flow.ts'

// One side of the page: its numbers, its marks and the switches of its policy.

export class SideView {
  readonly #root: HTMLElement
  readonly #flow: FlowView

  constructor(side: Side) {
    this.#root = find(`[data-side="${side}"]`)
    this.#flow = new FlowView(find<HTMLCanvasElement>('canvas', this.#root))
  }

  set moves(moves: boolean) {
    if (moves) this.#flow.start()
    else this.#flow.stop()
  }

  recolor(): void {
    this.#flow.recolor()
  }

  show(update: SideUpdate): void {
    const { rates, waitMs, totals, players, edges } = update
    const root = this.#root
    const aMarkFor = this.#flow.take(update)
    write('scale', aMarkFor === 1 ? 'one mark is one request' : `one mark is ${formatNumber(aMarkFor)} requests`, root)
    write('policy', update.policy, root)
    write('origin', formatNumber(rates.origin), root)
    write('held', formatNumber(update.held), root)
    write(
      'players',
      players.present === players.wanted
        ? formatNumber(players.present)
        : `${formatNumber(players.present)} of ${formatNumber(players.wanted)}`,
      root,
    )
    write('asked', formatNumber(rates.asked), root)
    write(
      'share',
      rates.asked > 0 ? formatShare(Math.min(1, (rates.hits + rates.negative + rates.collapsed) / rates.asked)) : '–',
      root,
    )
    write('p50', waitMs ? `${formatMs(waitMs.p50)} ms` : '–', root)
    write('p99', waitMs ? `${formatMs(waitMs.p99)} ms` : '–', root)
    write('stops', formatNumber(totals.stops), root)
    write('early404', formatNumber(totals.early404), root)
    write('wrong', formatNumber(totals.wrongBodies), root)
    write('edges', edges.map(({ edge, alive }) => `${edge} ${alive ? 'lives' : '▲ is down'}`).join(', '), root)
    this.#marks(update)
    this.#switches(update)
  }

  #marks({ rates, held, fetching, joined }: SideUpdate): void {
    const words = {
      hit: `${formatNumber(rates.hits)}/s`,
      collapsed: `${formatNumber(rates.collapsed)}/s (${formatNumber(joined)} now)`,
      fill: `${formatNumber(rates.fills)}/s (${formatNumber(fetching)} now)`,
      held: formatNumber(held),
      negative: `${formatNumber(rates.negative)}/s`,
      refused: `${formatNumber(rates.refused)}/s`,
    }
    for (const [kind, text] of Object.entries(words)) find(`[data-mark="${kind}"]`, this.#root).textContent = text
  }

  #switches({ on, preset }: SideUpdate): void {
    const switches = this.#root.querySelectorAll<HTMLElement>('[data-behaviour]')
    for (const button of switches)
      button.setAttribute('aria-checked', String(on.includes(button.dataset.behaviour ?? '')))
    for (const button of this.#root.querySelectorAll<HTMLElement>('[data-preset]')) {
      button.setAttribute('aria-pressed', String(button.dataset.preset === preset))
    }
    write('on-count', `${on.length} of ${switches.length}`, this.#root)
  }
}
