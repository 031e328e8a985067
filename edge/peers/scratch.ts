import { chown, mkdir, mkdtemp, stat, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PeerError } from './peer-error.ts'
import type { PeerKind } from './peer-kinds.ts'
import { type ConfigFiles, checkValues, fillTemplate, type TemplateValues } from './template.ts'

// The folder in which a peer keeps everything, removed when it stops, and the user it runs as.

/** Whom a peer runs as; undefined: as whoever started us. */
export interface PeerUser {
  readonly uid: number
  readonly gid: number
}

/** `nobody` and `nogroup` of Debian and most others. */
const nobody: PeerUser = { uid: 65_534, gid: 65_534 }
const subfolders = ['config', 'cache', 'run', 'log']
/** What must be free on tmpfs before a cache of half of it is put there. */
const tmpfsBytes = 1024 ** 3

/** Root gives its rights away, so that every peer runs in the same way: Traffic Server refuses to serve as root. */
export const peerUser = (): PeerUser | undefined =>
  process.platform === 'linux' && process.getuid?.() === 0 ? nobody : undefined

/** Where a peer's folder is made when nobody says where: on tmpfs for one that is to keep its files in memory. */
export async function scratchParent(inMemory: boolean): Promise<string> {
  if (!inMemory || process.platform !== 'linux') return tmpdir()
  const { bavail, bsize } = await statfs('/dev/shm').catch(() => ({ bavail: 0, bsize: 0 }))
  return bavail * bsize >= tmpfsBytes ? '/dev/shm' : tmpdir()
}

/** Makes a folder of its own in `parent` with the sub-folders that a peer expects, for `user`. Throws PeerError. */
export async function makeScratch(parent: string, kind: PeerKind, user: PeerUser | undefined): Promise<string> {
  const folder = await mkdtemp(join(parent, `tidegate-${kind.name}-`)).catch((error: Error) => {
    throw new PeerError(`no folder for ${kind.name} can be made in ${parent}: ${error.message}`)
  })
  checkValues({ FOLDER: folder })
  for (const name of subfolders) await mkdir(join(folder, name))
  if (user) {
    for (const name of ['', ...subfolders]) await chown(join(folder, name), user.uid, user.gid)
    await checkReachable(folder)
  }
  return folder
}

/** Every folder above must let `nobody` through, which a home folder or a run folder of root often does not. */
async function checkReachable(folder: string): Promise<void> {
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) {
      throw new PeerError(
        `peers run as nobody when started by root, and nobody may not enter ${at}: name another folder, or start as a plain user`,
      )
    }
  }
}

/** Writes the filled files into the scratch folder; gives the path that the peer is started with, and the text. */
export async function writeConfig(
  kind: PeerKind,
  files: ConfigFiles,
  values: TemplateValues,
): Promise<{ config: string; text: string }> {
  const folder = join(values.FOLDER, 'config')
  const filled = [...files].map(([name, text]) => [name, fillTemplate(text, values, name)] as const)
  for (const [name, text] of filled) await writeFile(join(folder, name), text)
  const [first] = filled
  if (first === undefined) throw new PeerError(`the configuration for ${kind.name} has no files`)
  return kind.configIs === 'folder' ? { config: folder, text: '' } : { config: join(folder, first[0]), text: first[1] }
}
