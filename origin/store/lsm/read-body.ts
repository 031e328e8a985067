import { limits } from '../../../live/limits.ts'
import { assemble, chunksWithin, decodeChunk } from '../chunks.ts'
import { type ByteRange, StoreError } from '../segment-store.ts'
import { bodyOf, keys, type Row } from './rows.ts'
import type { Tree } from './tree.ts'

/** The body that `row` commits, or `range` of it; throws StoreError `corrupt` when one of its chunks is not as written. */
export async function readBody(tree: Tree, row: Row, range?: ByteRange): Promise<Uint8Array> {
  const body = bodyOf(row)
  const { first, last } = chunksWithin(body, range)
  const chunks: Uint8Array[] = []
  for (let from = first; from <= last; from += limits.lsmReadChunks) {
    const indexes = Array.from({ length: Math.min(limits.lsmReadChunks, last + 1 - from) }, (_, i) => from + i)
    const frames = await tree.read(indexes.map(index => keys.chunk(row.attempt, index)))
    for (const [i, index] of indexes.entries()) {
      const frame = frames[i]
      if (!frame) throw new StoreError('corrupt', `${body.name}: chunk ${index + 1} of ${body.count} is not there`)
      chunks.push(decodeChunk(body, frame, index))
    }
  }
  return assemble(body, chunks, range)
}
