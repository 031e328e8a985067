import { crc32 } from 'node:zlib'
import type { Address, SegmentAddress } from '../../live/address.ts'
import { inspectCmaf } from '../../live/cmaf.ts'
import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { readSyntheticHead, type SyntheticHead, syntheticHeadBytes } from '../../live/synthetic.ts'
import { PlaylistCheck } from './playlist.ts'

// Every body is verified as it arrives: each chunk goes through the checksum once, and only the first bytes of a segment
// are kept, for as long as the request lasts. Nothing is concatenated.

/** Why a complete answer is not what was asked for. */
export type WrongBody = 'length' | 'checksum' | 'not-a-segment' | 'another-segment' | 'not-a-playlist' | 'too-large'

/** Checks one body. A chunk stands only during `take`. */
export interface BodyCheck {
  take(chunk: Buffer): void
  /** After the last chunk: undefined for a sound body. */
  end(): WrongBody | undefined
}

/** What a response's head says of its body. */
export interface BodyHead {
  /** `Content-Length`; undefined when there is none. */
  readonly contentLength: number | undefined
  readonly etag: string | undefined
}

/** How to check the body of a 200 for `address`. */
export function checkFor(event: LiveEvent, address: Address, head: BodyHead): BodyCheck {
  if (address.kind === 'media-playlist') return new PlaylistCheck(head)
  if (address.kind !== 'segment') return new LengthCheck(head, limits.manifestBodyBytes)
  return event.body === 'synthetic' ? new SyntheticCheck(address, head) : new CmafCheck(event, address, head)
}

/** Manifests, playlists, event configurations and initialisation segments: as long as the head said. */
class LengthCheck implements BodyCheck {
  readonly #head: BodyHead
  readonly #limitBytes: number
  #bytes = 0

  constructor(head: BodyHead, limitBytes: number) {
    this.#head = head
    this.#limitBytes = limitBytes
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length
  }

  end(): WrongBody | undefined {
    if (this.#bytes > this.#limitBytes) return 'too-large'
    return this.#bytes === (this.#head.contentLength ?? this.#bytes) ? undefined : 'length'
  }
}

/** The first bytes of a body, however the chunks fall; a first chunk that holds them all is not copied. */
class Beginning {
  readonly #wantedBytes: number
  #kept: Buffer | undefined
  #filled = 0

  constructor(wantedBytes: number) {
    this.#wantedBytes = wantedBytes
  }

  /** The beginning once it is complete with `chunk`, else undefined; called until it gives one. */
  with(chunk: Buffer): Buffer | undefined {
    if (this.#kept === undefined && chunk.length >= this.#wantedBytes) return chunk.subarray(0, this.#wantedBytes)
    this.#kept ??= Buffer.alloc(this.#wantedBytes)
    this.#filled += chunk.copy(this.#kept, this.#filled)
    return this.#filled === this.#wantedBytes ? this.#kept : undefined
  }

  /** What came of a body that is shorter than the beginning that was wanted. */
  get cut(): Buffer {
    return (this.#kept ?? Buffer.alloc(0)).subarray(0, this.#filled)
  }
}

/** Heads of distinct bodies at a time: those that thousands of players fetch after each publication. */
const keptHeads = 512
const heads = new Map<string, SyntheticHead | undefined>()

/** The head at the beginning of a body; one that has been read before costs a look-up. */
function headOnce(beginning: Buffer): SyntheticHead | undefined {
  const key = beginning.toString('latin1')
  if (heads.has(key)) return heads.get(key)
  const head = readSyntheticHead(beginning)
  heads.set(key, head)
  if (heads.size > keptHeads) heads.delete(heads.keys().next().value as string)
  return head
}

/** A synthetic body says itself whose it is, how long, and its checksum (live/synthetic.ts). */
class SyntheticCheck implements BodyCheck {
  readonly #address: SegmentAddress
  readonly #contentLength: number | undefined
  readonly #beginning = new Beginning(syntheticHeadBytes)
  #bytes = 0
  #checksum = 0
  #head: SyntheticHead | undefined
  #headSeen = false

  constructor(address: SegmentAddress, { contentLength }: BodyHead) {
    this.#address = address
    this.#contentLength = contentLength
  }

  take(chunk: Buffer): void {
    const before = this.#bytes
    this.#bytes += chunk.length
    if (!this.#headSeen) {
      const beginning = this.#beginning.with(chunk)
      if (beginning === undefined) return
      this.#headSeen = true
      this.#head = headOnce(beginning)
    }
    if (this.#head === undefined) return
    this.#checksum = crc32(
      before < syntheticHeadBytes ? chunk.subarray(syntheticHeadBytes - before) : chunk,
      this.#checksum,
    )
  }

  end(): WrongBody | undefined {
    if (this.#head === undefined) return 'not-a-segment'
    const { identity, bodyBytes, checksum } = this.#head
    if (bodyBytes !== this.#bytes || this.#bytes !== (this.#contentLength ?? this.#bytes)) return 'length'
    if (checksum !== this.#checksum) return 'checksum'
    const { event, rendition, number } = this.#address
    const same = identity.event === event && identity.rendition === rendition && identity.number === number
    return same ? undefined : 'another-segment'
  }
}

/** The origin's strong validator: `"<pipeline>-<CRC-32 of the body, hex>-<bytes>"`. */
const validator = /^"[a-z0-9-]+-([0-9a-f]{1,8})-([0-9]{1,10})"$/
/** The `moof` of a segment of some seconds is well inside this; what follows it is media data. */
const cmafHeadBytes = 16 * 1_024

/** Real media: length and checksum against the strong ETag, and the fragment's sequence number against the address. */
class CmafCheck implements BodyCheck {
  readonly #head: BodyHead
  readonly #sequenceNumber: number
  readonly #beginning = new Beginning(cmafHeadBytes)
  #bytes = 0
  #checksum = 0
  #inspected: ReturnType<typeof inspectCmaf> | undefined

  constructor(event: LiveEvent, address: SegmentAddress, head: BodyHead) {
    this.#head = head
    // The packager counts fragments from 1 at the event's first number (ISO/IEC 14496-12, 8.8.5).
    this.#sequenceNumber = (address.number as number) - event.firstNumber + 1
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length
    this.#checksum = crc32(chunk, this.#checksum)
    if (this.#inspected !== undefined) return
    const beginning = this.#beginning.with(chunk)
    if (beginning !== undefined) this.#inspected = inspectCmaf(beginning)
  }

  end(): WrongBody | undefined {
    if (this.#bytes !== (this.#head.contentLength ?? this.#bytes)) return 'length'
    const stated = validator.exec(this.#head.etag ?? '')
    if (stated !== null) {
      if (Number(stated[2]) !== this.#bytes) return 'length'
      if (Number.parseInt(stated[1] as string, 16) !== this.#checksum) return 'checksum'
    }
    // A body that is shorter than a head may be is here in full, so its boxes must add up as well.
    const whole = this.#inspected === undefined
    const inspected = this.#inspected ?? inspectCmaf(this.#beginning.cut)
    if (!inspected.ok) return 'not-a-segment'
    if (whole && !inspected.complete) return 'length'
    return inspected.sequenceNumber === this.#sequenceNumber ? undefined : 'another-segment'
  }
}
