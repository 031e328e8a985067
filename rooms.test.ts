import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

// Keeps the picture of ARCHITECTURE.md true: which room may import which, and what pure rooms may not touch.

const root = import.meta.dirname
const scenarioSchema = ['scenarios/schema.ts']

/** Room (longest prefix wins) to what of the project it may import beside itself. */
const rooms: Record<string, readonly string[]> = {
  'live/': [],
  'edge/core/': ['live/'],
  'edge/peers/': [],
  'edge/http/': ['edge/core/', 'live/', 'process/', 'results/record/'],
  'origin/core/': ['live/'],
  'origin/store/': ['origin/core/', 'live/'],
  'origin/http/': ['origin/core/', 'origin/store/', 'live/', 'process/', 'results/record/'],
  'origin/pipeline/': ['origin/core/', 'live/', 'process/', 'results/record/'],
  'loadgen/player/': ['live/', ...scenarioSchema],
  'loadgen/fleet/': ['live/', 'loadgen/player/', ...scenarioSchema],
  'loadgen/http/': ['loadgen/', 'live/', 'process/', 'results/record/', 'scenarios/'],
  'process/': ['live/', 'results/record/'],
  'services/': ['live/'],
  'scenarios/': ['live/', 'edge/core/policy.ts', 'origin/pipeline/media/asset.ts'],
  'results/record/': ['live/'],
  'results/gate/': ['live/', 'results/'],
  'results/': ['live/'],
  'sim/': [
    'edge/core/',
    'origin/core/',
    'loadgen/player/',
    'loadgen/fleet/',
    'live/',
    'scenarios/',
    'results/',
    // What counts and what is written on the wire is the same in both worlds, and touches no socket.
    'edge/http/edge-recorder.ts',
    'origin/http/origin-books.ts',
    'origin/http/fields.ts',
    'origin/pipeline/acknowledged.ts',
    'process/recorder.ts',
  ],
  'sim/node/': ['sim/', 'lab/', 'edge/core/', 'origin/', 'loadgen/', 'live/', 'process/', 'results/', 'scenarios/'],
  'lab/': [
    'bad-input/',
    'edge/',
    'origin/',
    'loadgen/',
    'live/',
    'process/',
    'results/',
    'scenarios/',
    'services/',
    'cli/',
    'sim/',
  ],
  'bad-input/': ['edge/', 'origin/', 'process/', 'live/', 'loadgen/'],
  'conformance/': ['edge/', 'process/'],
  'pages/': [
    'results/',
    'sim/',
    'lab/',
    'live/',
    'process/',
    'scenarios/',
    'edge/core/policy.ts',
    'edge/core/verdict.ts',
  ],
  'cli/': ['edge/', 'origin/', 'loadgen/', 'live/', 'process/', 'results/', 'scenarios/', 'lab/', 'sim/', 'pages/'],
}
const pure = ['live/', 'edge/core/', 'origin/core/', 'loadgen/player/', 'loadgen/fleet/', 'results/gate/', 'sim/']
/** Files of a pure room that stand apart, because they speak to the machine. */
const apart = ['sim/node/']
/** What a pure room may use of libraries: nothing that does I/O. */
const pureLibraries = ['zod', 'structured-headers', 'http-cache-semantics']

const isTest = (file: string) => /\.(test|fixture)\.ts$|-contract\.ts$|\/testing\//.test(file)
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map(file => file.replaceAll('\\', '/'))
  .filter(file => file.endsWith('.ts') && !/(^|\/)node_modules\/|^results\/runs\//.test(file) && file.includes('/'))
const roomOf = (file: string) =>
  Object.keys(rooms)
    .filter(room => file.startsWith(room))
    .sort((a, b) => b.length - a.length)[0]
const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(
    match => match[1] as string,
  )

describe('the rooms of the house', () => {
  it('has a room for every source file', () => {
    expect(sources.length).toBeGreaterThan(50)
    expect(sources.filter(file => !roomOf(file))).toEqual([])
  })

  it('lets each room import only what the design allows', () => {
    const wrong = sources
      .filter(file => !isTest(file))
      .flatMap(file => {
        const room = roomOf(file) as string
        const allowed = [room, ...(rooms[room] as readonly string[])]
        return importsOf(file)
          .filter(target => target.startsWith('.'))
          .map(target => relative(root, join(root, dirname(file), target)).replaceAll('\\', '/'))
          .filter(target => !allowed.some(prefix => target.startsWith(prefix)))
          .map(target => `${file} imports ${target}`)
      })
    expect(wrong).toEqual([])
  })

  it('keeps I/O, clocks, chance and promises out of the pure rooms', () => {
    const forbidden =
      /\bDate\b(?!:)|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bPromise\b|\basync\b|\bawait\b|\bperformance\.|\bprocess\.|\bBuffer\b|\bconsole\./
    const wrong = sources
      .filter(file => pure.some(room => file.startsWith(room)) && !apart.some(room => file.startsWith(room)))
      .filter(file => !isTest(file))
      .flatMap(file => {
        const text = readFileSync(join(root, file), 'utf8')
        const code = text
          .replaceAll(/\/\*[\s\S]*?\*\//g, '')
          .replaceAll(/\/\/.*$/gm, '')
          .replaceAll(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''")
        const libraries = importsOf(file).filter(target => !target.startsWith('.') && !pureLibraries.includes(target))
        const found = forbidden.exec(code)
        return [
          ...libraries.map(library => `${file} imports ${library}`),
          ...(found ? [`${file} uses ${found[0]}`] : []),
        ]
      })
    expect(wrong).toEqual([])
  })
})
