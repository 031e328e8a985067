import { type Box, viewOf, writeUint64 } from '../../../live/box-reader.ts'
import { writeNtp } from '../../../live/ntp.ts'
import type { EpochMs } from '../../../live/units.ts'
import { AssetError, onlyBox, wholeBoxes } from './init-box.ts'

// Rewriting one stored segment for its place in an endless event. All that is not a plain write of a number happens once,
// when the asset is loaded: the template already has room for `prft`, so a segment costs one copy and five writes.

/** A stored segment, checked and made ready; the `…At` are byte offsets into `bytes`. */
export type SegmentTemplate = {
  readonly bytes: Buffer
  readonly trackId: number
  /** Decode time of the first sample within the loop, in ticks. */
  readonly decodeTicks: number
  readonly durationTicks: number
  readonly sampleCount: number
  readonly sequenceAt: number
  readonly decodeTimeAt: number
  readonly ntpAt: number
  readonly mediaTimeAt: number
}

/** Size, flags, track id, NTP time, 64-bit media time: version 1 (ISO/IEC 14496-12, 8.16.5). */
export const prftBytes = 32
/**
 * Flags of `prft`: the time is what a clock showed when the media was captured (16), and its offset stays the same from
 * box to box (8).
 */
const prftFlags = 24

const tfhdFlag = { baseDataOffset: 0x1, descriptionIndex: 0x2, duration: 0x8, size: 0x10, baseIsMoof: 0x20000 }
const trunFlag = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, offset: 0x800 }

const flagsOf = (view: DataView, box: Box) => view.getUint32(box.bodyStart) & 0xffffff

/** `tfhd` (8.8.7): the track, and the defaults of a sample's duration and size. */
const readTfhd = (view: DataView, box: Box, where: string) => {
  const flags = flagsOf(view, box)
  // With offsets counted from the moof, a box put in front of it moves nothing.
  if (flags & tfhdFlag.baseDataOffset || !(flags & tfhdFlag.baseIsMoof)) {
    throw new AssetError(`${where}: data offsets must count from the moof box (default-base-is-moof)`)
  }
  let at = box.bodyStart + 8 + (flags & tfhdFlag.descriptionIndex ? 4 : 0)
  const optional = (flag: number) => {
    if (!(flags & flag)) return undefined
    at += 4
    if (at > box.end) throw new AssetError(`${where}: tfhd box is too short`)
    return view.getUint32(at - 4)
  }
  const trackId = view.getUint32(box.bodyStart + 4)
  return { trackId, defaultTicks: optional(tfhdFlag.duration), defaultBytes: optional(tfhdFlag.size) }
}

type Tfhd = ReturnType<typeof readTfhd>

/** `trun` (8.8.8): how many samples there are, how long they last and how many bytes they take. */
const readTrun = (view: DataView, box: Box, tfhd: Tfhd, where: string) => {
  const flags = flagsOf(view, box)
  const sampleCount = view.getUint32(box.bodyStart + 4)
  const perSample = [trunFlag.duration, trunFlag.size, trunFlag.flags].filter(flag => flags & flag)
  const samplesAt = box.bodyStart + 12 + (flags & trunFlag.firstFlags ? 4 : 0)
  if (flags & trunFlag.offset)
    throw new AssetError(`${where}: samples are reordered, presentation must follow decoding`)
  if (!(flags & trunFlag.dataOffset)) throw new AssetError(`${where}: trun has no data offset`)
  if (samplesAt + sampleCount * perSample.length * 4 !== box.end) {
    throw new AssetError(`${where}: trun's length does not fit its ${sampleCount} samples`)
  }
  const sum = (flag: number, defaultValue: number | undefined, what: string) => {
    const column = perSample.indexOf(flag)
    if (column < 0 && defaultValue === undefined) throw new AssetError(`${where}: no sample ${what} is given`)
    if (column < 0) return sampleCount * defaultValue!
    let total = 0
    for (let i = 0; i < sampleCount; i++) total += view.getUint32(samplesAt + (i * perSample.length + column) * 4)
    return total
  }
  return {
    sampleCount,
    dataOffset: view.getInt32(box.bodyStart + 8),
    durationTicks: sum(trunFlag.duration, tfhd.defaultTicks, 'duration'),
    mediaBytes: sum(trunFlag.size, tfhd.defaultBytes, 'size'),
  }
}

const withProducerTime = (bytes: Uint8Array, moofAt: number, trackId: number): Buffer => {
  const template = Buffer.concat([bytes.subarray(0, moofAt), Buffer.alloc(prftBytes), bytes.subarray(moofAt)])
  template.writeUInt32BE(prftBytes, moofAt)
  template.write('prft', moofAt + 4, 'latin1')
  template.writeUInt32BE((1 << 24) | prftFlags, moofAt + 8)
  template.writeUInt32BE(trackId, moofAt + 12)
  return template
}

/**
 * Checks a stored segment (exactly `styp`, `moof`, `mdat`; one track run that fills the media data) and makes it ready to
 * be rewritten. `where` names it in messages.
 * @throws {AssetError} when the segment is anything else
 */
export const segmentTemplate = (bytes: Uint8Array, where: string): SegmentTemplate => {
  const view = viewOf(bytes)
  const top = wholeBoxes(view, 0, bytes.byteLength, where)
  const order = top.map(box => box.type).join(', ')
  if (order !== 'styp, moof, mdat') throw new AssetError(`${where}: holds ${order || 'nothing'}, not styp, moof, mdat`)
  const moof = onlyBox(top, 'moof', 8, where)
  const mdat = onlyBox(top, 'mdat', 0, where)
  const inMoof = wholeBoxes(view, moof.bodyStart, moof.end, where)
  const traf = onlyBox(inMoof, 'traf', 8, where)
  const inTraf = wholeBoxes(view, traf.bodyStart, traf.end, where)
  const mfhd = onlyBox(inMoof, 'mfhd', 8, where)
  const tfdt = onlyBox(inTraf, 'tfdt', 8, where)
  if (view.getUint8(tfdt.bodyStart) !== 1 || tfdt.end - tfdt.bodyStart !== 12) {
    throw new AssetError(`${where}: tfdt must be version 1 (64 bit): decode times of a long event outgrow 32 bits`)
  }
  const tfhd = readTfhd(view, onlyBox(inTraf, 'tfhd', 8, where), where)
  const trun = readTrun(view, onlyBox(inTraf, 'trun', 12, where), tfhd, where)
  if (moof.start + trun.dataOffset !== mdat.bodyStart || mdat.bodyStart + trun.mediaBytes !== mdat.end) {
    throw new AssetError(`${where}: the samples' sizes do not add up to the media data`)
  }
  return {
    bytes: withProducerTime(bytes, moof.start, tfhd.trackId),
    trackId: tfhd.trackId,
    decodeTicks: Number(view.getBigUint64(tfdt.bodyStart + 4)),
    durationTicks: trun.durationTicks,
    sampleCount: trun.sampleCount,
    sequenceAt: mfhd.bodyStart + 4 + prftBytes,
    decodeTimeAt: tfdt.bodyStart + 4 + prftBytes,
    ntpAt: moof.start + 16,
    mediaTimeAt: moof.start + 24,
  }
}

/** Where a copy of a segment stands: its sequence number (32 bit), decode time in ticks, and the clock at its capture. */
export type SegmentPlace = {
  readonly sequenceNumber: number
  readonly decodeTicks: number
  readonly wallClockMs: EpochMs
}

/** A copy of the segment at `place`: `styp`, `prft`, `moof`, `mdat`. The template stays as it is. */
export const rewriteSegment = (template: SegmentTemplate, place: SegmentPlace): Buffer => {
  const bytes = Buffer.from(template.bytes)
  const view = viewOf(bytes)
  writeNtp(view, template.ntpAt, place.wallClockMs)
  // No sample is presented out of decode order, so the first one's presentation time is its decode time.
  writeUint64(view, template.mediaTimeAt, place.decodeTicks)
  view.setUint32(template.sequenceAt, place.sequenceNumber)
  writeUint64(view, template.decodeTimeAt, place.decodeTicks)
  return bytes
}
