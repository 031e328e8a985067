import { limits } from '../../../live/limits.ts'
import { chunkLength, encodeChunk } from '../chunks.ts'
import { bodyOf, keys, keysOf, type Row, seal } from './rows.ts'
import type { Tree } from './tree.ts'
import type { Operation } from './write-queue.ts'

// How a body gets into the tree: its chunks are staged in writes of about a MiB, each on the disk before the next one,
// and the last of them goes together with the one row that commits the attempt. A usual segment is that last write
// alone. Until the row is there, nothing of the attempt can be read; it names its chunks' number, so that nothing less
// than all of them is ever taken for the body.

export type Attempt = Omit<Row, 'chunks'>

/** Writes `body`; resolves with its row when it is committed. `replaced` is removed in the same write. */
export async function stage(tree: Tree, attempt: Attempt, body: Uint8Array, replaced?: Row): Promise<Row> {
  const chunked = bodyOf({ ...attempt, chunks: 0 })
  const row: Row = { ...attempt, chunks: chunked.count }
  const id = attempt.attempt
  let group: Operation[] = []
  let groupBytes = 0
  let isStaged = false
  for (let index = 0; index < chunked.count; index++) {
    const bytes = chunkLength(chunked, index) as number
    if (group.length > 0 && groupBytes + bytes > limits.lsmGroupBytes) {
      await tree.write(isStaged ? group : [put(keys.intent(id), {}), ...group])
      isStaged = true
      group = []
      groupBytes = 0
    }
    group.push({ type: 'put', key: keys.chunk(id, index), value: encodeChunk(chunked, body, index) })
    groupBytes += bytes
  }
  const done = [...(isStaged ? [keys.intent(id)] : []), ...(replaced ? keysOf(replaced) : [])]
  await tree.write([...group, put(keys.row(id), row), ...done.map(key => ({ type: 'del', key }) as const)])
  return row
}

const put = (key: string, content: unknown): Operation => ({ type: 'put', key, value: seal(key, content) })
