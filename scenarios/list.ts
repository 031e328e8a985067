import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const folder = dirname(fileURLToPath(import.meta.url))
const suffix = '.yaml'

/** The names of the scenarios that come with Tidegate, sorted. */
export const scenarioNames = (): string[] =>
  readdirSync(folder)
    .filter(file => file.endsWith(suffix))
    .map(file => file.slice(0, -suffix.length))
    .sort()

/** Each scenario's name and what it shows, in a sentence. */
export const listScenarios = (): { readonly name: string; readonly shows: string }[] =>
  scenarioNames().map(name => {
    const scenario = parse(readFileSync(join(folder, name + suffix), 'utf8')) as { shows?: unknown }
    return { name, shows: String(scenario.shows ?? '') }
  })
