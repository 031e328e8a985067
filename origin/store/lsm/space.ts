import { statfs } from 'node:fs/promises'
import { limits } from '../../../live/limits.ts'
import type { Bytes } from '../../../live/units.ts'
import { StoreError } from '../segment-store.ts'
import type { Catalogue } from './catalogue.ts'

// Whether there is room for one more body: within the store's own limits, and on the disk.

export interface SpaceOptions {
  readonly folder: string
  readonly limitBytes: Bytes
  /** Disk left free. */
  readonly reserveBytes: Bytes
}

export class Space {
  readonly #options: SpaceOptions
  readonly #catalogue: Catalogue
  /** Of puts under way. */
  #claimedBytes = 0
  #claimedCandidates = 0

  constructor(options: SpaceOptions, catalogue: Catalogue) {
    this.#options = options
    this.#catalogue = catalogue
  }

  /** Counts a put's bytes in before they are written, until what it returns is called. Throws `full` past the limits. */
  claim(name: string, bytes: number): () => void {
    const limitBytes = this.#options.limitBytes as number
    if ((this.#catalogue.bytes as number) + this.#claimedBytes + bytes > limitBytes) {
      throw new StoreError('full', `${name}: ${bytes} bytes more would pass the limit of ${limitBytes}`)
    }
    if (this.#catalogue.size + this.#claimedCandidates >= limits.lsmCandidates) {
      throw new StoreError('full', `${name} would be one more than the ${limits.lsmCandidates} that can be kept`)
    }
    this.#claimedBytes += bytes
    this.#claimedCandidates++
    return () => {
      this.#claimedBytes -= bytes
      this.#claimedCandidates--
    }
  }

  /** Throws `full` before the disk is: deletes and compactions must still be able to write. */
  async mustHaveRoom(name: string): Promise<void> {
    const { folder, reserveBytes } = this.#options
    const free = await freeBytes(folder)
    if (free - this.#claimedBytes >= (reserveBytes as number)) return
    const wanted = `${reserveBytes} bytes are left free so that what is old can be removed`
    throw new StoreError('full', `${name}: the disk of ${folder} has ${free} bytes free, and ${wanted}`)
  }
}

/** What the disk of `folder` has free for this user. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
