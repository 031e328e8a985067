import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { AbsentProgram, FoundProgram } from './service.ts'

// Whether a program is on this machine, and if not, what to say.

/** Where programs are installed that a person's PATH often leaves out. */
const otherFolders = ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/usr/local/go/bin', '/opt/homebrew/bin']

/** Looks for `binary` on the PATH and beside it; `install` is the rest of the sentence when it is not there. */
export async function findProgram(binary: string, install: string): Promise<FoundProgram | AbsentProgram> {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(folder => folder !== ''), ...otherFolders]
  for (const folder of folders) {
    const path = join(folder, binary)
    try {
      await access(path, constants.X_OK)
      return { path }
    } catch {
      // Not here: the next folder is looked at, and the sentence below says it when none has it.
    }
  }
  return { absent: `${binary} is not installed: ${install}` }
}
