import { cdnCacheControlFiles } from './cdn-cache-control.ts'
import { importFromPackage, onlyTests, type SuiteFile, type SuiteResult, suiteFiles } from './suite.ts'

// The suite's client side against one cache: `node client.ts URL suite|cdn [ID …]`. A process of its own, because the
// package keeps its results in module state. Prints the results as one line of JSON.

const [baseUrl, which, ...ids] = process.argv.slice(2)
if (!baseUrl || (which !== 'suite' && which !== 'cdn')) {
  process.stderr.write('usage: node client.ts URL suite|cdn [ID …]\n')
  process.exit(2)
}

/** Tests at once: most of their time is a pause of three seconds, but the caches share two cores. */
const atOnce = 50

type RunTests = (
  tests: readonly SuiteFile[],
  fetch: unknown,
  browser: false,
  base: string,
  chunk: number,
) => Promise<void>
const runner = await importFromPackage('client/runner.mjs')
const fetch = (await importFromPackage('../node-fetch/lib/index.mjs')).default
const files = await suiteFiles()
// The package speaks to standard output, which is kept for the results.
const say = process.stdout.write.bind(process.stdout)
process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write

const asked = onlyTests(which === 'cdn' ? cdnCacheControlFiles(files) : files, ids)
await (runner.runTests as RunTests)(asked, fetch, false, baseUrl, atOnce)
const results = (runner.getResults as () => Record<string, SuiteResult>)()
say(`${JSON.stringify(results)}\n`, () => process.exit(0))
