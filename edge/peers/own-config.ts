import { globSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { adaptNginx, type ReadInclude } from './nginx-own.ts'
import type { PeerKind } from './peer-kinds.ts'
import { type ConfigFiles, checkUserConfig, readConfig } from './template.ts'

// A user's own configuration: with our placeholders in it, or, for nginx, as it is deployed.

export interface OwnConfig {
  readonly files: ConfigFiles
  /** What had to be changed in it, for people. */
  readonly changes: readonly string[]
}

/** Reads it and makes it stand in a scenario. Throws PeerError that says what is missing. */
export async function readOwnConfig(kind: PeerKind, path: string): Promise<OwnConfig> {
  const files = await readConfig(kind, path)
  const [name, text] = [...files][0] ?? []
  if (kind.name === 'nginx' && name !== undefined && text !== undefined && !hasPlaceholder(text)) {
    const { text: adapted, changes } = adaptNginx(text, path, includesBeside(path))
    return { files: new Map([[name, adapted]]), changes }
  }
  checkUserConfig(kind, files, path)
  return { files, changes: [] }
}

/** Who wrote one placeholder means to write them all. */
const hasPlaceholder = (text: string): boolean => /@[A-Z][A-Z_]+@/.test(text)

/** Files that an include names: beside the configuration, as nginx looks for them. */
const includesBeside =
  (path: string): ReadInclude =>
  pattern => {
    const files = globSync(isAbsolute(pattern) ? pattern : join(dirname(path), pattern)).sort()
    return files.map(file => ({ file, text: readFileSync(file, 'utf8') }))
  }
