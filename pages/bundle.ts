import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// The script of a page, for a browser: bundled from this repository's own sources, the cores included. In a package that
// was built for other repositories the bundles lie beside this file, ready made (scripts/pack.mjs).

const here = dirname(fileURLToPath(import.meta.url))
/** Where ready-made bundles lie. */
const readyFolder = join(here, 'bundles')

const bundles = new Map<string, Promise<string>>()

/** The bundle of `entry`, a path inside `pages/` such as `report/page.ts`, as one classic script. */
export function bundleOf(entry: string): Promise<string> {
  const known = bundles.get(entry)
  if (known) return known
  const ready = join(readyFolder, `${entry.replaceAll('/', '-').replace(/\.ts$/, '')}.js`)
  const made = existsSync(ready) ? Promise.resolve(readFileSync(ready, 'utf8')) : build(entry)
  bundles.set(entry, made)
  return made
}

async function build(entry: string): Promise<string> {
  const esbuild = await import('esbuild')
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(here, entry)],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2023',
    // Whatever would need Node in a browser is a mistake of ours: it fails here, not at the reader's.
    platform: 'browser',
    legalComments: 'inline',
    logLevel: 'silent',
  })
  const [output] = outputFiles
  if (!output) throw new Error(`the page script ${entry} gave no bundle`)
  return output.text
}
