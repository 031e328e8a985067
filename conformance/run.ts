import { Command } from 'commander'
import type { PeerName } from '../edge/peers/peer.ts'
import { findOthers, ours, oursWithoutFastPath, type RunningCache, startOther, startOurs } from './caches.ts'
import { cdnCacheControlFiles } from './cdn-cache-control.ts'
import { checkDecisions, readDecisions } from './decisions.ts'
import { installSuite } from './install.ts'
import { measure, startSuiteOrigin } from './measure.ts'
import { type Outcomes, outcomesOf } from './outcomes.ts'
import { failures, figuresOf, type Measured, passed, sideBySide } from './report.ts'
import { type SuiteFile, suiteFiles } from './suite.ts'

// `npm run conformance`: the HTTP cache test suite against this project's edge and against the other caches that are
// present. The edge is measured with its fast path and without; exits with 1 when either does not pass a test that
// decisions.yaml does not list, or passes one that it does.

const options = new Command('conformance')
  .description('Run http-cache-tests 0.4.5 against the edge and the other caches that are present')
  .option('--alone', "this project's edge alone, without the others")
  .parse()
  .opts<{ alone?: boolean }>()

/** Most of the suite's time is pauses: two caches at a time keep two cores from being the limit. */
const atOnce = 2

const ways = [ours, oursWithoutFastPath] as const

const say = (text: string): void => void process.stderr.write(`conformance: ${text}\n`)

installSuite()
const suite = await suiteFiles()
const repeated = cdnCacheControlFiles(suite)
const others = options.alone ? { present: [], absent: [] } : await findOthers()
for (const line of others.absent) say(`${line} (left out)`)

const origin = await startSuiteOrigin()
const starts: (() => Promise<RunningCache>)[] = [
  ...ways.map(way => () => startOurs(origin.url, way)),
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

const named = (name: string): Measured => measured.find(({ cache }) => cache === name) as Measured
const own = named(ours)
const rest = measured.filter(({ cache }) => !ways.some(way => way === cache))
rest.sort((a, b) => a.cache.localeCompare(b.cache))
const columns = [...ways.map(named), ...rest]
const files = [...suite, ...repeated]
const outcomesOfBoth = ({ outcomes, cdnOutcomes }: Measured): Outcomes => new Map([...outcomes, ...cdnOutcomes])
const decisions = readDecisions()
const checks = ways.map(way => ({ way, ...checkDecisions(files, outcomesOfBoth(named(way)), decisions) }))
process.stdout.write(
  [
    sideBySide(suite, columns, m => m.outcomes),
    'The freshness cases again, with CDN-Cache-Control (RFC 9213):\n',
    sideBySide(repeated, columns, m => m.cdnOutcomes),
    failures(files, outcomesOfBoth(own), own.results, decisions),
    ...checks.flatMap(({ way, unlisted, listedButPass }) => [
      ...unlisted.map(id => `${id}: ${way} does not pass, and decisions.yaml does not list it\n`),
      ...listedButPass.map(id => `${id}: listed in decisions.yaml, and ${way} passes, or it is no test\n`),
    ]),
  ].join('\n'),
)
const wrong = (of: 'unlisted' | 'listedButPass') => checks.reduce((sum, check) => sum + check[of].length, 0)
const figures = {
  ...figuresOf(suite, repeated, [own, ...rest]),
  passed_without_fast_path: passed(suite, named(oursWithoutFastPath).outcomes),
  failed_unlisted: wrong('unlisted'),
}
process.stdout.write(`${JSON.stringify({ bench: 'conformance', figures })}\n`)
process.exitCode = wrong('unlisted') + wrong('listedButPass') > 0 ? 1 : 0
