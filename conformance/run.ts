import { Command } from 'commander'
import type { PeerName } from '../edge/peers/peer.ts'
import { findOthers, ours, type RunningCache, startOther, startOurs } from './caches.ts'
import { cdnCacheControlFiles } from './cdn-cache-control.ts'
import { checkDecisions, readDecisions } from './decisions.ts'
import { installSuite } from './install.ts'
import { measure, startSuiteOrigin } from './measure.ts'
import { type Outcomes, outcomesOf } from './outcomes.ts'
import { failures, figuresOf, type Measured, sideBySide } from './report.ts'
import { type SuiteFile, suiteFiles } from './suite.ts'

// `npm run conformance`: the HTTP cache test suite against this project's edge and against the other caches that are
// present. Exits with 1 when the edge does not pass a test that decisions.yaml does not list, or passes one that it does.

const options = new Command('conformance')
  .description('Run http-cache-tests 0.4.5 against the edge and the other caches that are present')
  .option('--alone', "this project's edge alone, without the others")
  .parse()
  .opts<{ alone?: boolean }>()

/** Most of the suite's time is pauses: two caches at a time keep two cores from being the limit. */
const atOnce = 2

const say = (text: string): void => void process.stderr.write(`conformance: ${text}\n`)

installSuite()
const suite = await suiteFiles()
const repeated = cdnCacheControlFiles(suite)
const others = options.alone ? { present: [], absent: [] } : await findOthers()
for (const line of others.absent) say(`${line} (left out)`)

const origin = await startSuiteOrigin()
const starts: (() => Promise<RunningCache>)[] = [
  () => startOurs(origin.url),
  ...others.present.map((kind: PeerName) => () => startOther(kind, origin.url)),
]
const measured: Measured[] = []
const next = async (): Promise<void> => {
  for (let start = starts.shift(); start; start = starts.shift()) measured.push(await runAgainst(await start()))
}
try {
  await Promise.all(Array.from({ length: atOnce }, next))
} finally {
  await origin.stop()
}
measured.sort((a, b) => Number(b.cache === ours) - Number(a.cache === ours) || a.cache.localeCompare(b.cache))

async function runAgainst(cache: RunningCache): Promise<Measured> {
  say(`${cache.name} …`)
  try {
    const results = { ...(await measure(cache.url, 'suite')), ...(await measure(cache.url, 'cdn')) }
    const of = (files: readonly SuiteFile[]): Outcomes => outcomesOf(files, results)
    return { cache: cache.name, results, outcomes: of(suite), cdnOutcomes: of(repeated) }
  } finally {
    await cache.stop()
  }
}

const own = measured[0] as Measured
const decisions = readDecisions()
const all = new Map([...own.outcomes, ...own.cdnOutcomes])
const check = checkDecisions([...suite, ...repeated], all, decisions)
process.stdout.write(
  [
    sideBySide(suite, measured, m => m.outcomes),
    'The freshness cases again, with CDN-Cache-Control (RFC 9213):\n',
    sideBySide(repeated, measured, m => m.cdnOutcomes),
    failures([...suite, ...repeated], all, own.results, decisions),
    ...check.unlisted.map(id => `${id}: does not pass, and decisions.yaml does not list it\n`),
    ...check.listedButPass.map(id => `${id}: listed in decisions.yaml, and passes, or is no test\n`),
  ].join('\n'),
)
const figures = { ...figuresOf(suite, repeated, measured), failed_unlisted: check.unlisted.length }
process.stdout.write(`${JSON.stringify({ bench: 'conformance', figures })}\n`)
process.exitCode = check.unlisted.length + check.listedButPass.length > 0 ? 1 : 0
