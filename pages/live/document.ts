import { createHash } from 'node:crypto'
import type { Side } from '../../lab/duel-scenario.ts'
import { type Html, html, jsonForScript, scriptOf } from '../html.ts'
import { behaviours } from './behaviours.ts'
import { faults } from './faults.ts'
import type { Message } from './update.ts'

// The live page as one HTML document: everything that can be read or pressed stands in it, its script fills in the
// numbers. With a recording inside it needs no server.

export interface LivePage {
  readonly style: string
  readonly script: string
  /** A session that is replayed; absent: one that is watched. */
  readonly recording?: readonly Message[] | undefined
}

/** The document, and what its Content-Security-Policy must be. */
export function liveDocument({ style, script, recording }: LivePage): { html: string; policy: string } {
  const code = scriptOf(script)
  const policy = policyFor(code.text, recording === undefined)
  const text = html`<!doctype html>
<html lang="en" data-mode="${recording === undefined ? 'live' : 'replay'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>Tidegate, live</title>
<style>${scriptOf(style)}</style>
</head>
<body>
${header(recording !== undefined)}
${story}
<main>
<div class="sides">${side('left')}${side('right')}</div>
<figure class="wide">
<figcaption>Requests a second that reach the origin <span class="key"><span class="line left"></span> left <span class="line right"></span> right</span></figcaption>
<div id="curve" class="chart" role="img" aria-label="Requests a second that reach the origin, a curve for each side; the numbers stand above"></div>
</figure>
<div class="below">
${recording === undefined ? html`${controls}${player}` : undefined}
${happened}
${follow(recording === undefined)}
</div>
</main>
${keys(recording !== undefined)}
${recording && html`<script type="application/json" id="recording">${jsonForScript(recording)}</script>`}
<script>${code}</script>
</body>
</html>
`.text
  return { html: text, policy }
}

/** What the page may do: its own script by its hash, and, live, the player's scripts and the edges on this machine. */
function policyFor(code: string, live: boolean): string {
  const hash = `'sha256-${createHash('sha256').update(code).digest('base64')}'`
  const own = live ? " 'self'" : ''
  const edges = live
    ? "connect-src 'self' http://127.0.0.1:*; media-src blob: http://127.0.0.1:*; form-action 'none'; "
    : ''
  return `default-src 'none'; ${edges}script-src ${hash}${own}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'`
}

const header = (replayed: boolean): Html => html`<header class="top">
<h1>Tidegate <span data-field="scenario"></span></h1>
<p class="phase" role="status"><span data-field="phase">connecting …</span></p>
<p class="quiet" data-field="server"></p>
<div class="buttons">
${
  replayed
    ? html`<button type="button" data-replay="toggle">pause <kbd>space</kbd></button>
<label>at <input type="range" id="replay-at" min="0" max="1" step="any" value="0" aria-label="where in the recording"></label>
<output data-field="replay-time"></output>`
    : html`<button type="button" data-command='{"do":"start"}' data-field="start" hidden>run it again <kbd>enter</kbd></button>
<button type="button" data-act="story">story <kbd>S</kbd></button>
<button type="button" data-command='{"do":"reset"}'>reset everything <kbd>R</kbd></button>
<a href="/session.html" download>save this session</a>`
}
<button type="button" data-act="keys">keys <kbd>?</kbd></button>
</div>
<p class="warning" role="alert" data-field="trouble" hidden></p>
</header>`

const story = html`<section id="story" class="story" aria-live="polite" hidden>
<p class="quiet"><span data-story="place"></span></p>
<h2 data-story="title"></h2>
<p data-story="says"></p>
<p><b>Watch</b> <span data-story="watch"></span></p>
<p class="measure"><span data-story="label"></span>:
<span class="pair"><span>left</span> <span data-story="left-before"></span> → <b data-story="left-now"></b></span>
<span class="pair"><span>right</span> <span data-story="right-before"></span> → <b data-story="right-now"></b></span></p>
<div class="buttons" data-live>
<button type="button" data-command='{"do":"story","to":"back"}'>back <kbd>←</kbd></button>
<button type="button" data-act="story-run"><span data-story="runs">hold</span> <kbd>space</kbd></button>
<button type="button" data-command='{"do":"story","to":"next"}'>next <kbd>→</kbd></button>
</div>
</section>`

/** Shape and word of each kind of mark; the canvas draws the same shapes. */
const marks = [
  ['hit', '●', 'from the cache'],
  ['collapsed', '◆', 'join a fetch'],
  ['fill', '▲', 'go on'],
  ['held', '■', 'held at the origin'],
  ['negative', '○', 'from a kept 404'],
  ['refused', '✕', 'refused at the edge'],
] as const

const presetKeys: Readonly<Record<Side, readonly string[]>> = { left: ['1', '2', '3'], right: ['8', '9', '0'] }

const figures = [
  ['players', 'viewers'],
  ['asked', 'segments asked, a second'],
  ['share', 'of them from the cache'],
  ['p50', 'wait, median'],
  ['stops', 'times playback stopped'],
  ['early404', 'early 404s'],
  ['wrong', 'wrong bodies'],
] as const

const side = (name: Side): Html => html`<section class="side" data-side="${name}" aria-labelledby="${name}-title">
<div class="side-head">
<h2 id="${name}-title"><span class="quiet">${name}</span> <span data-field="policy">–</span></h2>
<div class="presets" role="group" aria-label="policy on the ${name}" data-live>
${['none', 'nginx', 'oca'].map(
  (preset, i) =>
    html`<button type="button" aria-pressed="false" data-preset="${preset}" data-command="${JSON.stringify({ do: 'preset', side: name, preset })}">${preset} <kbd>${presetKeys[name][i]}</kbd></button>`,
)}
</div>
</div>
<div class="load">
<p><strong data-field="origin">–</strong> <span>requests a second reach the origin</span></p>
<p><strong data-field="held">–</strong> <span>held there now</span></p>
<p><strong data-field="p99">–</strong> <span>is the wait of the slowest 1 %</span></p>
</div>
<canvas class="flow" height="190" aria-hidden="true"></canvas>
<p class="scale quiet" data-field="scale"></p>
<ul class="marks">
${marks.map(([kind, shape, words]) => html`<li><span class="mark ${kind}" aria-hidden="true">${shape}</span> <b data-mark="${kind}">0</b> ${words}</li>`)}
</ul>
<dl class="figures">
${figures.map(([field, words]) => html`<div><dt>${words}</dt><dd data-field="${field}">–</dd></div>`)}
</dl>
<p class="edges" data-field="edges"></p>
<details class="behaviours"><summary>behaviours: <span data-field="on-count">–</span> on</summary>
<div class="switches" role="group" aria-label="behaviours on the ${name}">
${behaviours.map(
  behaviour =>
    html`<button type="button" role="switch" aria-checked="false" data-behaviour="${behaviour.name}" title="${behaviour.says}"><span class="state" aria-hidden="true"></span><span>${behaviour.label}<small>${behaviour.says}</small></span></button>`,
)}
</div></details>
</section>`

const sideButtons = (fault: (typeof faults)[number]): Html =>
  html`<div class="fault"><p><b>${fault.label}</b><small>${fault.says}</small></p><div class="buttons">${(
    ['left', 'right'] as const
  ).map(
    one =>
      html`<button type="button" data-command="${JSON.stringify({ do: 'fault', fault: fault.name, side: one })}">${fault.label}, ${one}</button>`,
  )}</div></div>`

const controls = html`<section aria-labelledby="break">
<h2 id="break">Break something</h2>
<p class="viewers"><label for="viewers">viewers on each side</label> <input type="range" id="viewers" min="0" max="1" step="any" value="0">
<output for="viewers" data-field="wanted">–</output> <span class="quiet">keys <kbd>−</kbd> <kbd>+</kbd></span></p>
<div class="faults">
${faults.map(fault =>
  fault.ofSide
    ? sideButtons(fault)
    : html`<button type="button" class="fault" data-command="${JSON.stringify({ do: 'fault', fault: fault.name })}" data-fault="${fault.name}"><b>${fault.label}</b><small>${fault.says}</small></button>`,
)}
</div>
<dl class="figures"><div><dt>the origin</dt><dd data-field="origin-state">–</dd></div><div><dt>its pipelines</dt><dd data-field="pipelines">–</dd></div></dl>
</section>`

const player = html`<section aria-labelledby="watching" class="player">
<h2 id="watching">A real viewer</h2>
<div class="buttons" role="group" aria-label="what plays">
<label>through <select id="player-side"><option value="left">the left edge</option><option value="right" selected>the right edge</option></select></label>
<label>with <select id="player-kind"><option value="hls" selected>hls.js</option><option value="dash">dash.js</option></select></label>
<button type="button" data-act="play"><span data-player="action">play</span> <kbd>P</kbd></button>
</div>
<video id="video" muted playsinline width="640" height="360" aria-label="the event as a viewer sees it"></video>
<p role="status" data-player="status">not playing</p>
<dl class="figures">
<div><dt>behind live</dt><dd data-player="latency">–</dd></div>
<div><dt>buffered ahead</dt><dd data-player="buffer">–</dd></div>
<div><dt>stalls, and how long in all</dt><dd data-player="stalls">–</dd></div>
<div><dt>last segment</dt><dd data-player="segment">–</dd></div>
<div><dt>the edge said</dt><dd data-player="cache">–</dd></div>
<div><dt>made by pipeline</dt><dd data-player="pipeline">–</dd></div>
</dl>
<h3>Notifications that came with its answers</h3>
<ol data-player="notifications" class="lines"><li class="quiet">none yet</li></ol>
</section>`

const happened = html`<section aria-labelledby="happened"><h2 id="happened">What just happened</h2>
<ol id="happenings" class="lines" role="log" aria-label="what just happened"><li class="quiet">nothing yet</li></ol></section>`

const follow = (live: boolean): Html => html`<section aria-labelledby="follow"><h2 id="follow">Follow one request</h2>
${
  live
    ? html`<div class="buttons"><button type="button" data-command='{"do":"follow","side":"left"}'>through the left</button>
<button type="button" data-command='{"do":"follow","side":"right"}'>through the right <kbd>F</kbd></button></div>`
    : undefined
}
<p class="quiet" data-field="followed">A request for the newest segment, from place to place, in milliseconds.</p>
<ol id="followed" class="timeline"></ol></section>`

const keys = (replayed: boolean): Html => {
  const rows = replayed
    ? [
        ['space', 'pause or go on'],
        ['← →', '5 s back or ahead'],
      ]
    : [
        ['R', 'reset everything'],
        ['S', 'begin or end the story'],
        ['← →', 'a step back or ahead in the story'],
        ['space', 'the story waits, or goes on by itself'],
        ['1 2 3', 'none, nginx, oca on the left'],
        ['8 9 0', 'none, nginx, oca on the right'],
        ['− +', 'fewer or more viewers'],
        ['P', 'the real viewer plays or stops'],
        ['F', 'follow one request through the right'],
        ['M', 'motion off or on'],
      ]
  return html`<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2><dl class="keys">${rows.map(
    ([key, words]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${words}</dd></div>`,
  )}</dl><button type="button" data-act="keys">close</button></dialog>`
}
