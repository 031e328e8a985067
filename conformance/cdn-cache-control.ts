import type { Header, SuiteFile, SuiteTest } from './suite.ts'

// The suite's freshness cases asked once more of `CDN-Cache-Control` (RFC 9213): in place of `Cache-Control`, and
// against a `Cache-Control` that says the contrary. The package of 2020 is older than the field.

type Variation = (headers: readonly Header[], wantsReuse: boolean) => readonly Header[]

const isCacheControl = (header: Header) => String(header[0]).toLowerCase() === 'cache-control'
/** A field that a targeted cache must ignore: it says the contrary of what the test expects. */
const contrary = (wantsReuse: boolean): Header => ['Cache-Control', wantsReuse ? 'no-store' : 'max-age=3600', false]

const variations: Record<string, Variation> = {
  'cdn-cc': headers => headers.map(renamed),
  'cdn-cc-against-cc': (headers, wantsReuse) => [...headers.map(renamed), contrary(wantsReuse)],
}

const renamed = (header: Header): Header =>
  // `false`: the client does not look for the field, which an edge may keep to itself.
  isCacheControl(header) ? ['CDN-Cache-Control', header[1], false] : header

/** The files of freshness cases whose lifetimes `Cache-Control` states, varied; ids begin with the variation's name. */
export function cdnCacheControlFiles(files: readonly SuiteFile[]): SuiteFile[] {
  const source = files.find(file => file.id === 'cc-freshness')
  if (!source) throw new Error('the suite has no file cc-freshness: is http-cache-tests 0.4.5 installed?')
  const tests = source.tests.filter(canBeVaried)
  return Object.entries(variations).map(([name, vary]) => ({
    id: name,
    name: `${source.name}, ${name}`,
    tests: tests.map(test => varied(test, name, vary)),
  }))
}

/**
 * A case that `Cache-Control` decides and that reads the same in both fields: `CDN-Cache-Control` is a structured field,
 * which with a name in upper case does not parse and is ignored (RFC 9213, 2.1; RFC 9651, 3.1.2).
 */
const canBeVaried = (test: SuiteTest): boolean =>
  test.kind !== 'check' && test.requests.some(request => request.response_headers?.some(isLowerCacheControl))

const isLowerCacheControl = (header: Header): boolean =>
  isCacheControl(header) && String(header[1]) === String(header[1]).toLowerCase()

function varied(test: SuiteTest, name: string, vary: Variation): SuiteTest {
  const wantsReuse = test.requests.some(request => request.expected_type === 'cached')
  return {
    ...test,
    id: `${name}-${test.id}`,
    depends_on: [],
    requests: test.requests.map(request =>
      request.response_headers ? { ...request, response_headers: vary(request.response_headers, wantsReuse) } : request,
    ),
  }
}
