// Draws the text on standard input as a terminal window in SVG, on standard output: how the pictures in README are made.
// usage: npx tidegate run kickoff --quiet | node scripts/terminal-picture.mjs > docs/kickoff.svg
import { readFileSync } from 'node:fs'

const wrapAt = 100
const lineHeight = 17
const charWidth = 8.4

const wrap = line => {
  if (line.length <= wrapAt || /[│┌├└]/.test(line)) return [line]
  const at = line.lastIndexOf(' ', wrapAt)
  return [line.slice(0, at), ...wrap(line.slice(at + 1))]
}
const escapeMarkup = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const lines = readFileSync(0, 'utf8').trim().split('\n').flatMap(wrap)
const width = Math.ceil(Math.max(...lines.map(line => line.length)) * charWidth) + 40
const height = lines.length * lineHeight + 40
const text = lines
  .map((line, i) => `<text x="20" y="${32 + i * lineHeight}" xml:space="preserve">${escapeMarkup(line)}</text>`)
  .join('\n')

process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="terminal output">
<title>Output of a run in a terminal</title>
<rect width="100%" height="100%" rx="8" fill="#101418"/>
<g fill="#d7dde3" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14">
${text}
</g>
</svg>
`)
