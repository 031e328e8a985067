// Reading ISO base media boxes (ISO/IEC 14496-12, 4.2) without trusting a single length. Pure: no Node imports, so that
// player-side code can use it in a browser.

/** One box: its bytes are `[start, end)`, what it holds is `[bodyStart, end)`; offsets in bytes from the view's start. */
export type Box = { readonly type: string; readonly start: number; readonly bodyStart: number; readonly end: number }

/** `torn`: the bytes end before the box does. `bad-box`: these bytes are no box header at all. */
type BoxFault = 'torn' | 'bad-box'

/** The boxes that are whole, in their order, and what stands after the last of them if that is no whole box. */
export type BoxWalk = { readonly boxes: readonly Box[]; readonly fault?: BoxFault; readonly faultAtByte?: number }

const headerBytes = 8
const largeHeaderBytes = 16

const isPrintable = (code: number) => code >= 0x20 && code <= 0x7e

/** The four-character code at `offset`, or undefined when it is not printable ASCII. */
const readType = (view: DataView, offset: number): string | undefined => {
  const codes = [0, 1, 2, 3].map(i => view.getUint8(offset + i))
  return codes.every(isPrintable) ? String.fromCharCode(...codes) : undefined
}

/** An unsigned 64-bit integer, or undefined above 2^53 - 1, where a number is no longer exact. */
export const readUint64 = (view: DataView, offset: number): number | undefined => {
  const value = view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Writes `value` (an integer from 0 to 2^53 - 1) as an unsigned 64-bit integer. */
export const writeUint64 = (view: DataView, offset: number, value: number): void => {
  view.setUint32(offset, Math.floor(value / 2 ** 32))
  view.setUint32(offset + 4, value % 2 ** 32)
}

const readBox = (view: DataView, start: number, end: number): Box | BoxFault => {
  if (end - start < headerBytes) return 'torn'
  const type = readType(view, start + 4)
  if (type === undefined) return 'bad-box'
  const shortSize = view.getUint32(start)
  if (shortSize === 1 && end - start < largeHeaderBytes) return 'torn'
  const bodyStart = start + (shortSize === 1 ? largeHeaderBytes : headerBytes)
  const sizeBytes = shortSize === 1 ? readUint64(view, start + headerBytes) : shortSize
  // Size 0 means "to the end of the file": a torn body would look whole, so it counts as no box here.
  if (sizeBytes === undefined || start + sizeBytes < bodyStart) return 'bad-box'
  return start + sizeBytes > end ? 'torn' : { type, start, bodyStart, end: start + sizeBytes }
}

/**
 * The boxes that fill `[start, end)` of `view` (byte offsets), one level deep. No fault means that their lengths add up
 * exactly to the range. Never reads outside the range and never throws while the range lies inside the view.
 */
export const walkBoxes = (view: DataView, start = 0, end = view.byteLength): BoxWalk => {
  const boxes: Box[] = []
  let at = start
  while (at < end) {
    const box = readBox(view, at, end)
    if (typeof box === 'string') return { boxes, fault: box, faultAtByte: at }
    boxes.push(box)
    at = box.end
  }
  return { boxes }
}

/** A view of exactly these bytes, which may be a part of a larger buffer. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
