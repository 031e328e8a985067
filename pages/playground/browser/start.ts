import { find } from '../../live/browser/dom.ts'
import type { PlaygroundData } from '../playground.ts'
import { Crew } from './crew.ts'
import { JitterPart, MeasuredPart } from './curve-parts.ts'
import { FreePart } from './free-part.ts'
import { MillionPart, PoliciesPart } from './storm-parts.ts'
import { OneRequestPart, SegmentPart } from './trace-parts.ts'

// Brings the playground to life, where the page has one.

export function startPlayground(): void {
  const place = document.getElementById('playground')
  if (!place) return
  const textOf = (id: string): string => document.getElementById(id)?.textContent ?? ''
  const data = JSON.parse(textOf('playground-data')) as PlaygroundData
  const crew = new Crew(textOf('playground-worker'), data.bases)
  const part = (name: string): HTMLElement => find(`#part-${name}`, place)
  new OneRequestPart(part('one-request'), crew)
  new SegmentPart(part('one-segment'), crew, 'one-segment')
  new PoliciesPart(part('a-thousand'), crew, 'a-thousand')
  new SegmentPart(part('early-birds'), crew, 'early-birds')
  new SegmentPart(part('one-edge-asks'), crew, 'one-edge-asks')
  new JitterPart(part('jitter'), crew)
  new PoliciesPart(part('a-fault'), crew, 'a-fault')
  new MillionPart(part('a-million'), crew)
  new MeasuredPart(part('measured'), crew, data.measured)
  new FreePart(part('free'), crew, data.presetOn)
  place.dataset.ready = 'true'
}
