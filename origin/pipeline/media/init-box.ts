import { type Box, viewOf, walkBoxes } from '../../../live/box-reader.ts'

/** An asset that cannot be used; the message says which file, what is wrong and what would be right. */
export class AssetError extends Error {
  override name = 'AssetError'
}

/** The boxes that fill `[start, end)`; throws when their lengths do not add up to it. */
export const wholeBoxes = (view: DataView, start: number, end: number, where: string): readonly Box[] => {
  const { boxes, fault, faultAtByte } = walkBoxes(view, start, end)
  if (fault) throw new AssetError(`${where}: ${fault === 'torn' ? 'torn' : 'no box'} at byte ${faultAtByte}`)
  return boxes
}

/** The one box of `type` that holds at least `leastBytes`; throws when there is none, a second or a shorter one. */
export const onlyBox = (boxes: readonly Box[], type: string, leastBytes: number, where: string): Box => {
  const [box, second] = boxes.filter(b => b.type === type)
  if (!box || second)
    throw new AssetError(`${where}: ${box ? 'more than one' : 'no'} ${type} box, exactly one is needed`)
  if (box.end - box.bodyStart < leastBytes) throw new AssetError(`${where}: ${type} box is too short`)
  return box
}

/** What an init segment says of its one track. */
export type InitFacts = { readonly trackId: number; readonly timescale: number; readonly kind: 'video' | 'audio' }

const kinds: Readonly<Record<string, InitFacts['kind']>> = { vide: 'video', soun: 'audio' }

/**
 * Checks an init segment: `ftyp` and `moov`, one track, and no edit list. An edit list would shift the presentation away
 * from the decode times by a priming that only the first loop has.
 * @throws {AssetError} naming `where`
 */
export const readInit = (bytes: Uint8Array, where: string): InitFacts => {
  const view = viewOf(bytes)
  const top = wholeBoxes(view, 0, bytes.byteLength, where)
  onlyBox(top, 'ftyp', 8, where)
  const inside = (box: Box) => wholeBoxes(view, box.bodyStart, box.end, `${where}: ${box.type}`)
  const moov = inside(onlyBox(top, 'moov', 8, where))
  const trak = inside(onlyBox(moov, 'trak', 8, where))
  if (trak.some(box => box.type === 'edts')) throw new AssetError(`${where}: has an edit list, none is wanted`)
  const tkhd = onlyBox(trak, 'tkhd', 84, where)
  const mdia = inside(onlyBox(trak, 'mdia', 8, where))
  const mdhd = onlyBox(mdia, 'mdhd', 24, where)
  const hdlr = onlyBox(mdia, 'hdlr', 20, where)
  const trex = onlyBox(inside(onlyBox(moov, 'mvex', 8, where)), 'trex', 24, where)
  // Version 1 of these headers has two 64-bit times where version 0 has two of 32 bits (ISO/IEC 14496-12, 8.3.2, 8.4.2).
  const afterTimes = (box: Box) => box.bodyStart + 4 + (view.getUint8(box.bodyStart) === 1 ? 16 : 8)
  const trackId = view.getUint32(afterTimes(tkhd))
  const kind = kinds[String.fromCharCode(...bytes.subarray(hdlr.bodyStart + 8, hdlr.bodyStart + 12))]
  if (!kind) throw new AssetError(`${where}: the track is neither video nor audio`)
  if (view.getUint32(trex.bodyStart + 4) !== trackId) throw new AssetError(`${where}: trex names another track`)
  return { trackId, timescale: view.getUint32(afterTimes(mdhd)), kind }
}
