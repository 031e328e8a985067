import { type Html, html, jsonForScript, scriptOf } from '../html.ts'
import { behaviours } from '../live/behaviours.ts'
import { drawnFigures } from './measured.ts'
import type { PlaygroundData } from './playground.ts'
import { type Control, type Section, sections } from './sections.ts'
import { formatRange } from './slider.ts'

// The playground's place in the report: its words and controls. What moves is drawn by its script.

const measuredTitle = 'What was measured, on the curve'

/** The playground as a section of the report; `worker`: the simulator's script, which a worker is made of. */
export function playgroundHtml(data: PlaygroundData, worker: string): Html {
  const titles = [...sections.slice(0, -1).map(({ title }) => title), measuredTitle, sections.at(-1)?.title as string]
  const ids = [...sections.slice(0, -1).map(({ name }) => name), 'measured', 'free']
  const free = sections.at(-1) as Section
  return html`<section id="playground" aria-labelledby="playground-title">
<h2 id="playground-title">The storm playground</h2>
<p class="lead">The simulator itself runs in this page: the cores that decide in the edge, the origin and the players are the ones that ran in the report above. Nothing here is a drawing of what they might do.</p>
<noscript><p class="warning">It needs JavaScript, which this browser does not run.</p></noscript>
<nav aria-label="Parts of the playground"><ol class="parts">${titles.map((title, i) => html`<li><a href="#part-${ids[i]}">${title}</a></li>`)}</ol></nav>
${sections.slice(0, -1).map((section, i) => part(section, i + 1))}
${measuredPart(data, sections.length)}
${part(free, sections.length + 1)}
</section>
<script type="application/json" id="playground-data">${jsonForScript(data)}</script>
<script type="text/plain" id="playground-worker">${scriptOf(worker)}</script>`
}

function part({ name, title, idea, look, controls, picture, caption }: Section, step: number): Html {
  return html`<article class="part" id="part-${name}" data-part="${name}" data-picture="${picture}" aria-labelledby="title-${name}">
<div class="words">
<h3 id="title-${name}"><span class="step" aria-hidden="true">${step}</span> ${title}</h3>
<p>${idea}</p>
<form class="controls" aria-label="${title}: what can be set">${controls.map(control => controlOf(name, control))}${
    name === 'free' ? behavioursHtml() : undefined
  }</form>
<p class="look">${look}</p>
</div>
${shown(name, picture, title, caption)}
</article>`
}

/** Where a part shows what came out. */
const shown = (name: string, picture: string, title: string, caption?: string): Html => html`<div class="shown">
<p class="says" data-field="says" role="status"></p>
${name === 'free' ? flowHtml : undefined}
<figure>${caption === undefined ? undefined : html`<figcaption>${caption}</figcaption>`}${
  picture === 'way' || picture === 'segment'
    ? html`<canvas data-field="picture" role="img" aria-label="${title}: a drawing; the numbers stand below"></canvas>`
    : html`<div class="chart" data-field="picture" role="img" aria-label="${title}: a curve; the numbers stand below"></div>`
}</figure>
<div class="legend" data-field="legend"></div>
<details><summary>The numbers</summary><div class="scroll" tabindex="0" data-field="table"></div></details>
<p class="same" data-field="same" hidden>The same numbers: <code data-field="command"></code> <button type="button" data-do="copy">copy</button> <span class="hash" data-field="hash"></span></p>
</div>`

const flowHtml = html`<div class="clock"><button type="button" data-do="play" aria-pressed="true">pause</button> <span data-field="clock"></span></div>
<canvas class="flow" data-field="flow" role="img" aria-label="Requests as marks between viewers, edges and origin; the numbers stand beside"></canvas>
<dl class="big">${[
  ['viewers', 'viewers'],
  ['edge', 'requests a second to the edges'],
  ['origin', 'requests a second to the origin'],
  ['held', 'held at the origin'],
].map(([field, label]) => html`<div><dt>${label}</dt><dd data-field="now-${field}">–</dd></div>`)}</dl>`

function measuredPart({ measured }: PlaygroundData, step: number): Html {
  const withCurve = measured.filter(({ base }) => base !== undefined)
  const without = measured.filter(({ base }) => base === undefined)
  const options = measured.map(({ scenario }, i) => [String(i), scenario] as const)
  return html`<article class="part" id="part-measured" data-part="measured" data-picture="curve" aria-labelledby="title-measured">
<div class="words">
<h3 id="title-measured"><span class="step" aria-hidden="true">${step}</span> ${measuredTitle}</h3>
<p>Curves are simulated here, with the report’s own scenario and more and fewer viewers. Marks are what its records have measured. Counts should lie on their curve; times need not, because the model’s times are assumed (what it leaves out stands below).</p>
<form class="controls" aria-label="What is drawn">
${options.length > 1 ? choice('measured', 'storm', 'Scenario', options, '0') : undefined}
${choice('measured', 'figure', 'Figure', drawnFigures, 'origin_requests_per_s')}
</form>
<p class="look">${withCurve.length === 0 ? 'No scenario is at hand, so that there are no curves.' : 'A mark off its curve is a question to the model, or to the run.'}</p>
${without.map(({ scenario }) => html`<p class="quiet">Of ${scenario} only the record is there: with its scenario.json beside it, a curve could be drawn.</p>`)}
</div>
${shown('measured', 'curve', measuredTitle)}
</article>`
}

function controlOf(part: string, control: Control): Html {
  switch (control.is) {
    case 'range': {
      const { name, label, unit, at } = control
      const { min, max, step, value } = formatRange(control)
      const id = `${part}-${name}`
      return html`<div class="range"><label for="${id}">${label}</label><output for="${id}">${at.toLocaleString('en-US')} ${unit}</output><input type="range" id="${id}" name="${name}" min="${min}" max="${max}" step="${step}" value="${value}"></div>`
    }
    case 'switch':
      return switchOf(part, control.name, control.on)
    case 'choice':
      return choice(part, control.name, control.label, control.options, control.at)
  }
}

function choice(
  part: string,
  name: string,
  label: string,
  options: readonly (readonly [string, string])[],
  at: string,
): Html {
  const id = `${part}-${name}`
  return html`<div class="choice"><label for="${id}">${label}</label><select id="${id}" name="${name}">${options.map(
    ([value, text]) =>
      value === at
        ? html`<option value="${value}" selected>${text}</option>`
        : html`<option value="${value}">${text}</option>`,
  )}</select></div>`
}

function switchOf(part: string, name: string, on: boolean): Html {
  const behaviour = behaviours.find(one => one.name === name)
  if (!behaviour) throw new Error(`there is no behaviour '${name}'`)
  const id = `${part}-${name}`
  const box = on
    ? html`<input type="checkbox" id="${id}" name="${name}" aria-describedby="${id}-says" checked>`
    : html`<input type="checkbox" id="${id}" name="${name}" aria-describedby="${id}-says">`
  return html`<div class="switch">${box}<label for="${id}">${behaviour.label}</label><small id="${id}-says">${behaviour.says}</small></div>`
}

const behavioursHtml = (): Html =>
  html`<details class="behaviours"><summary>Every behaviour of the policy</summary>${behaviours.map(({ name }) => switchOf('free', name, false))}<button type="button" data-do="preset">as the preset has them</button></details>`
