import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { PeerError } from './peer-error.ts'
import type { PeerKind } from './peer-kinds.ts'

// Configuration files with placeholders: `@UPSTREAM_HOST@` and the like. What is put in is checked, so that no value can
// become a directive, and what is left over is an error.

export interface TemplateValues {
  readonly UPSTREAM_HOST: string
  readonly UPSTREAM_PORT: number
  readonly LISTEN_HOST: string
  readonly LISTEN_PORT: number
  readonly FOLDER: string
  readonly EDGE: string
  readonly SITE: string
}

/** A configuration's files by name; a kind that has one file has one entry. */
export type ConfigFiles = ReadonlyMap<string, string>

/** No proxy's configuration has more; a larger folder is not one. */
const maxFiles = 64
const maxFileBytes = 1024 * 1024

const host = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})$/
const allowed: Readonly<Record<keyof TemplateValues, RegExp>> = {
  UPSTREAM_HOST: host,
  UPSTREAM_PORT: /^[1-9][0-9]{0,4}$/,
  LISTEN_HOST: host,
  LISTEN_PORT: /^[1-9][0-9]{0,4}$/,
  FOLDER: /^\/[\w./+-]+$/,
  EDGE: /^[a-z0-9][a-z0-9-]{0,63}$/,
  SITE: /^[a-z0-9][a-z0-9-]{0,63}$/,
}

/** Throws PeerError where a value could not stand in a configuration file as it is. */
export function checkValues(values: Partial<TemplateValues>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!allowed[name as keyof TemplateValues].test(String(value))) {
      throw new PeerError(
        `${name.toLowerCase().replace('_', ' ')}: ${JSON.stringify(value)} cannot stand in a configuration (${describe(name)})`,
      )
    }
  }
}

const describe = (name: string): string =>
  name.endsWith('HOST')
    ? 'a name or an IPv4 address is wanted'
    : name.endsWith('PORT')
      ? 'a port from 1 to 65535 is wanted'
      : name === 'FOLDER'
        ? 'an absolute path of letters, digits and . _ + - is wanted'
        : 'lower-case letters, digits and hyphens are wanted'

/** `text` with every placeholder filled. Throws PeerError for one that does not exist; `name` says in which file. */
export function fillTemplate(text: string, values: TemplateValues, name: string): string {
  return text.replaceAll(/@([A-Z][A-Z_]*)@/g, (placeholder, key: string) => {
    const value = (values as unknown as Readonly<Record<string, string | number>>)[key]
    if (value === undefined) {
      const known = Object.keys(allowed).map(each => `@${each}@`)
      throw new PeerError(`${name}: there is no placeholder ${placeholder}; there are ${known.join(', ')}`)
    }
    return String(value)
  })
}

/** Reads what stands at `path`: one file, or for Traffic Server a folder of files. Throws PeerError. */
export async function readConfig(kind: PeerKind, path: string): Promise<ConfigFiles> {
  const entry = await stat(path).catch((error: Error) => {
    throw new PeerError(`the configuration ${path} for ${kind.name} cannot be read: ${error.message}`)
  })
  if (entry.isDirectory() !== (kind.configIs === 'folder')) {
    const wanted =
      kind.configIs === 'folder' ? 'a folder with records.config, remap.config and storage.config' : 'a file'
    throw new PeerError(`the configuration ${path} for ${kind.name} must be ${wanted}`)
  }
  const names = entry.isDirectory() ? await fileNames(path) : [path]
  if (names.length > maxFiles)
    throw new PeerError(`${path} has ${names.length} files; a configuration may have ${maxFiles}`)
  const files = new Map<string, string>()
  for (const name of names) {
    const file = entry.isDirectory() ? join(path, name) : path
    if ((await stat(file)).size > maxFileBytes) throw new PeerError(`${file} is larger than ${maxFileBytes} bytes`)
    files.set(basename(name), await readFile(file, 'utf8'))
  }
  return files
}

const fileNames = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { withFileTypes: true })).filter(entry => entry.isFile()).map(entry => entry.name)

/** A user's own configuration must say where the upstream is, or it would drive something else than the scenario's. */
export function checkUserConfig(kind: PeerKind, files: ConfigFiles, path: string): void {
  const text = [...files.values()].join('\n')
  const missing = ['@UPSTREAM_HOST@', '@UPSTREAM_PORT@', ...kind.alsoNeeds].filter(wanted => !text.includes(wanted))
  if (missing.length > 0) {
    throw new PeerError(
      `${path} has no ${missing.join(', ')}: write the placeholders where the scenario's addresses belong, as ${kind.variants.stock} does`,
    )
  }
}
