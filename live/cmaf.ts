import { type Box, readUint64, viewOf, walkBoxes } from './box-reader.ts'
import { readNtp } from './ntp.ts'
import type { EpochMs } from './units.ts'

// A light look at a CMAF media segment (ISO/IEC 23000-19): what it says of itself, and whether all of it arrived. Pure: no
// Node imports, never throws, time in the order of the number of boxes and not of bytes.

/** Why bytes are not a media segment. A closed list. */
export const cmafFaults = [
  'empty', // no bytes at all
  'bad-box', // something that is no box stands where a box should: not media, or another body spliced in
  'no-fragment', // no whole moof box: an init segment, something else altogether, or torn before the media begins
  'bad-fragment', // the moof box contradicts itself or lacks a number that it must have
] as const
type CmafFault = (typeof cmafFaults)[number]

export type CmafInspection =
  | {
      readonly ok: true
      /** `sequence_number` of the first fragment. */
      readonly sequenceNumber: number
      /** Decode time of the first sample, in ticks of the track's timescale. */
      readonly baseDecodeTime: number
      readonly trackId: number
      /** The producer's wall clock at the first sample, epoch ms, when the segment has a `prft` box. */
      readonly prftWallClockMs?: EpochMs
      /** Whether every box is whole and every fragment has its media data; false for a torn body. */
      readonly complete: boolean
    }
  | { readonly ok: false; readonly why: CmafFault; readonly atByte: number }

const fullBoxBytes = 4

/** The first box of `type` in `parent` that holds at least `leastBytes` after its version and flags. */
const child = (view: DataView, parent: Box, type: string, leastBytes: number): Box | undefined => {
  const box = walkBoxes(view, parent.bodyStart, parent.end).boxes.find(b => b.type === type)
  return box && box.end - box.bodyStart >= leastBytes ? box : undefined
}

/** `tfdt`: 64 bits in version 1, 32 bits in version 0 (ISO/IEC 14496-12, 8.8.12). */
const readDecodeTime = (view: DataView, box: Box): number | undefined => {
  const at = box.bodyStart + fullBoxBytes
  if (view.getUint8(box.bodyStart) === 0) return view.getUint32(at)
  return box.end - at >= 8 ? readUint64(view, at) : undefined
}

/** `prft`: track id, NTP time, media time of 32 or 64 bits (ISO/IEC 14496-12, 8.16.5). */
const readProducerTime = (view: DataView, box: Box | undefined): EpochMs | undefined => {
  if (!box || box.end - box.bodyStart < fullBoxBytes + 4 + 8 + 4) return undefined
  return readNtp(view, box.bodyStart + fullBoxBytes + 4)
}

const readFragment = (view: DataView, moof: Box) => {
  if (walkBoxes(view, moof.bodyStart, moof.end).fault) return undefined
  const mfhd = child(view, moof, 'mfhd', fullBoxBytes + 4)
  const traf = child(view, moof, 'traf', 0)
  const tfhd = traf && child(view, traf, 'tfhd', fullBoxBytes + 4)
  const tfdt = traf && child(view, traf, 'tfdt', fullBoxBytes + 4)
  const baseDecodeTime = tfdt && readDecodeTime(view, tfdt)
  if (!mfhd || !tfhd || baseDecodeTime === undefined) return undefined
  return {
    sequenceNumber: view.getUint32(mfhd.bodyStart + fullBoxBytes),
    baseDecodeTime,
    trackId: view.getUint32(tfhd.bodyStart + fullBoxBytes),
  }
}

/** Whether fragments and media data alternate, each `moof` with its `mdat`, and there is at least one of them. */
const fragmentsAreWhole = (boxes: readonly Box[]): boolean => {
  const media = boxes.filter(box => box.type === 'moof' || box.type === 'mdat')
  return media.length % 2 === 0 && media.every((box, i) => box.type === (i % 2 === 0 ? 'moof' : 'mdat'))
}

/**
 * Looks at the bytes of one media segment (one or more fragments). `complete` tells a whole body from a torn one: the box
 * lengths must add up exactly to the bytes. A body of several fragments that is cut exactly between two of them looks
 * whole; only the length on the wire can tell that.
 * @example inspectCmaf(body) // { ok: true, sequenceNumber: 7, baseDecodeTime: 1080000, trackId: 1, complete: true }
 */
export const inspectCmaf = (bytes: Uint8Array): CmafInspection => {
  if (bytes.byteLength === 0) return { ok: false, why: 'empty', atByte: 0 }
  const view = viewOf(bytes)
  const { boxes, fault, faultAtByte = bytes.byteLength } = walkBoxes(view)
  if (fault === 'bad-box') return { ok: false, why: 'bad-box', atByte: faultAtByte }
  const firstAt = boxes.findIndex(box => box.type === 'moof')
  const moof = boxes[firstAt]
  if (!moof) return { ok: false, why: 'no-fragment', atByte: faultAtByte }
  const fragment = readFragment(view, moof)
  if (!fragment) return { ok: false, why: 'bad-fragment', atByte: moof.start }
  const prft = boxes.slice(0, firstAt).findLast(box => box.type === 'prft')
  const prftWallClockMs = readProducerTime(view, prft)
  const complete = fault === undefined && fragmentsAreWhole(boxes)
  return { ok: true, ...fragment, ...(prftWallClockMs === undefined ? {} : { prftWallClockMs }), complete }
}
