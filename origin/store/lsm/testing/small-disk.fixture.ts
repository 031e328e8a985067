import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bytes } from '../../../../live/units.ts'

// A disk of a few MiB, in memory: what a full one does is tried on a real file system. Mounting needs root on Linux.

export interface SmallDisk {
  readonly folder: string
  /** Fills it with a file until `freeBytes` (whole pages) are left. */
  fill(freeBytes: Bytes): void
  /** Removes that file. */
  empty(): void
  unmount(): void
}

/** A disk of `mib` MiB, or undefined where none can be mounted. */
export function mountSmallDisk(mib: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
  const filler = join(folder, 'filler')
  return {
    folder,
    fill: freeBytes => {
      const { bavail, bsize } = statfsSync(folder)
      writeFileSync(filler, Buffer.alloc(bavail * bsize - (freeBytes as number)))
    },
    empty: () => rmSync(filler, { force: true }),
    unmount: () => {
      // Lazily: after a failed test a store may still have it open.
      execFileSync('umount', ['-l', folder])
      rmSync(folder, { recursive: true })
    },
  }
}
