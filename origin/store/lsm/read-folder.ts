import { StoreError } from '../segment-store.ts'
import { attemptOf, keys, prefixes, type Row, type StateRow, schemaVersion, seal, unseal } from './rows.ts'
import type { Tree } from './tree.ts'

/** What a folder holds beside chunks. */
export interface FolderContents {
  /** By attempt, the oldest first. */
  readonly rows: readonly Row[]
  /** The one saved longest ago first. */
  readonly states: readonly StateRow[]
  /** Attempts whose chunks nobody will read: never committed, or their row is broken. */
  readonly orphans: readonly number[]
  /** Rows and states that fail their checksum. */
  readonly broken: number
}

/** Reads all rows of a tree, and none of its chunks. */
export async function readFolder(tree: Tree): Promise<FolderContents> {
  const rows: Row[] = []
  const states: StateRow[] = []
  const orphans: number[] = []
  let broken = 0
  for await (const [key, value] of tree.scan(prefixes.row, after(prefixes.row))) {
    const row = unseal<Row>(key, value)
    if (row) rows.push(row)
    else {
      broken++
      orphans.push(attemptOf(key))
    }
  }
  for await (const [key] of tree.scan(prefixes.intent, after(prefixes.intent))) orphans.push(attemptOf(key))
  for await (const [key, value] of tree.scan(prefixes.state, after(prefixes.state))) {
    const state = unseal<StateRow>(key, value)
    if (state) states.push(state)
    else broken++
  }
  states.sort((one, other) => (one.savedMs as number) - (other.savedMs as number))
  return { rows, states, orphans, broken }
}

/** The first key behind all that begin with `prefix`, which ends in a slash. */
const after = (prefix: string): string => `${prefix.slice(0, -1)}0`

/** Writes the schema's version into an empty tree; throws StoreError `schema` when it bears another one, or none. */
export async function mustBeOurs(tree: Tree): Promise<void> {
  const [sealed] = await tree.read([keys.schema])
  if (sealed) {
    const version = unseal<string>(keys.schema, sealed)
    if (version === schemaVersion) return
    const said = version === undefined ? 'a version that cannot be read' : `version ${version}`
    throw new StoreError(
      'schema',
      `the store's folder was written with schema ${said}, this is ${schemaVersion}: ${cure}`,
    )
  }
  for await (const [key] of tree.scan('', '\uffff')) {
    throw new StoreError(
      'schema',
      `the store's folder holds a LevelDB of something else (a key of it is '${key}'): ${cure}`,
    )
  }
  await tree.write([{ type: 'put', key: keys.schema, value: seal(keys.schema, schemaVersion) }])
}

const cure =
  'start the Tidegate that wrote it, let it end its event and migrate by publishing anew into an empty folder, or name another folder'
