// Makes the package for other repositories: compiled JavaScript with types and the data that runs need, without the
// runtime packages of this clone. The package is written to the folder that is named, or to dist/; its path is printed.
// usage: node scripts/pack.mjs [FOLDER]
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleOf, pageEntries, readyBundle } from '../pages/bundle.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const target = resolve(process.argv[2] ?? join(root, 'dist'))
const stage = mkdtempSync(join(tmpdir(), 'tidegate-pack-'))

/** What is read at run time and is no code; folders whole, but for code and tests. */
const data = [
  'scenarios',
  'plans',
  'edge/peers',
  'origin/pipeline/media/asset',
  'services',
  'docs',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
]
const isData = file => !/\.(ts|mjs)$/.test(file)
/** Loaded by the clone alone: what they make is in the package, made ahead. */
const cloneOnly = new Set(['esbuild'])

try {
  run(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    'tsconfig.package.json',
    '--outDir',
    stage,
  ])
  for (const path of data) cpSync(join(root, path), join(stage, path), { recursive: true, filter: isData })
  const entry = join(stage, 'cli/tidegate.mjs')
  cpSync(join(root, 'scripts/package-entry.mjs'), entry)
  mkdirSync(join(stage, 'pages/bundles'), { recursive: true })
  for (const page of pageEntries) writeFileSync(join(stage, 'pages', readyBundle(page)), await bundleOf(page))
  const compiled = readdirSync(stage, { recursive: true }).filter(
    file => file.endsWith('.js') && !/^pages.bundles/.test(file),
  )
  refuseSourcePaths(compiled)
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest(compiled), null, 2)}\n`)
  mkdirSync(target, { recursive: true })
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', target], stage))
  process.stdout.write(`${join(target, basename(filename))}\n`)
} finally {
  rmSync(stage, { recursive: true, force: true })
}

/** This clone's own, without what only the clone needs. Dependencies are those that compiled code names. */
function manifest(compiled) {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const used = new Set(compiled.flatMap(packagesOf))
  const missing = [...used].filter(name => !(name in own.dependencies) && !cloneOnly.has(name))
  if (missing.length > 0)
    fail(`compiled code needs ${missing.join(', ')}, which package.json has not in "dependencies"`)
  return {
    name: own.name,
    version: own.version,
    description: own.description,
    license: own.license,
    type: own.type,
    engines: { node: '>=24' },
    bin: own.bin,
    types: './index.d.ts',
    exports: { '.': { types: './index.d.ts', default: './index.js' }, './package.json': './package.json' },
    dependencies: Object.fromEntries(Object.entries(own.dependencies).filter(([name]) => used.has(name))),
  }
}

/** The packages that a compiled file imports. */
function packagesOf(file) {
  const text = readFileSync(join(stage, file), 'utf8')
  return [...text.matchAll(/^(?:import|export|\}).* from '([^']+)';?$|^import '([^']+)';?$|\bimport\('([^']+)'\)/gm)]
    .map(([, named, bare, dynamic]) => named ?? bare ?? dynamic)
    .filter(name => !/^(\.|node:)/.test(name) && !builtinModules.includes(name))
    .map(name => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
}

/** The compiler rewrites imports; a path that code makes by itself it leaves, and that would break only when it runs. */
function refuseSourcePaths(compiled) {
  for (const file of compiled) {
    const text = readFileSync(join(stage, file), 'utf8')
    const found = /(?<!\? )['"`]\.\.?\/[^'"`\n]*\.ts['"`]/.exec(text.replaceAll(/^\s*\/?[/*].*$/gm, ''))
    if (found) fail(`${relative(stage, join(stage, file))} names ${found[0]}, which is not in the package`)
  }
}

function run(command, args, cwd = root) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', shell: process.platform === 'win32' })
  if (result.status !== 0) fail(`${command} ${args.join(' ')} failed:\n${result.stdout}${result.stderr}`)
  return result.stdout
}

function fail(message) {
  throw new Error(message)
}
