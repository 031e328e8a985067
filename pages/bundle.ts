import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

// Scripts and styles of pages, for a browser: bundled from this repository's own sources, the cores included. In the
// package for other repositories the bundles lie beside this file, made ahead (scripts/pack.mjs).

const here = dirname(fileURLToPath(import.meta.url))

/** Everything that a browser is given, as paths inside `pages/`: what a package must bring. */
export const pageEntries = [
  'report/page.ts',
  'report/page.css',
  'playground/browser/worker.ts',
  'live/page.ts',
  'live/page.css',
  'live/browser/player-hls.ts',
  'live/browser/player-dash.ts',
] as const
export type PageEntry = (typeof pageEntries)[number]

/** Where the bundle of `entry` lies when it was made ahead, inside `pages/`. */
export const readyBundle = (entry: PageEntry): string =>
  join('bundles', entry.replaceAll('/', '-').replace(/\.ts$/, '.js'))

const made = new Map<PageEntry, Promise<string>>()

/** The bundle of `entry`: one classic script, or one style sheet. */
export function bundleOf(entry: PageEntry): Promise<string> {
  const known = made.get(entry)
  if (known) return known
  const ready = join(here, readyBundle(entry))
  const bundle = existsSync(ready) ? Promise.resolve(readFileSync(ready, 'utf8')) : build(entry)
  made.set(entry, bundle)
  return bundle
}

/** zod brings its messages in fifty languages, a quarter of a megabyte; English is what our schemas speak. */
const withoutLocales: Plugin = {
  name: 'without-locales',
  setup: building => {
    building.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js'",
      loader: 'js',
    }))
  },
}

async function build(entry: PageEntry): Promise<string> {
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
    plugins: [withoutLocales],
  })
  const [output] = outputFiles
  if (!output) throw new Error(`the page's ${entry} gave no bundle`)
  return output.text
}
