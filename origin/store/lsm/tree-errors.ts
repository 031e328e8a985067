import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from '../segment-store.ts'

// What LevelDB says when it fails, in the words of the house: what happened, with which folder, what to do.

/** Written beside LevelDB's files by who has the folder, so that the next one can be told who it is. */
const ownerFile = 'OWNER'

/** Says in the folder who has it. Only messages need it, so a disk without room for it keeps nobody from reading. */
export const nameOwner = (folder: string): Promise<void> =>
  writeFile(join(folder, ownerFile), `process ${process.pid} (${process.argv.slice(1).join(' ')})`).catch(
    () => undefined,
  )

/** Why the tree in `folder` could not be opened. */
export async function openingError(folder: string, error: unknown): Promise<StoreError> {
  const cause = causeOf(error)
  if (cause.code === 'LEVEL_LOCKED') {
    const owner = await readFile(join(folder, ownerFile), 'utf8').catch(() => 'another process')
    const message = `the store in ${folder} is in use, by its own account by ${owner}. It serves one process: give this one another folder, or, for an origin of several processes or roles, use a store that they can share (cassandra or s3)`
    return new StoreError('unavailable', message, { cause })
  }
  if (cause.code === 'LEVEL_CORRUPTION') {
    const message = `the store in ${folder} cannot be read: ${cause.message}. Move the folder away to start with an empty one (packagers publish what they still have), or restore it from a copy`
    return new StoreError('corrupt', message, { cause })
  }
  const message = `the store in ${folder} cannot be opened: ${cause.message}. Is it a folder that this user may write, on a disk with room?`
  return new StoreError(isFull(cause) ? 'full' : 'unavailable', message, { cause })
}

/** Why a write failed. */
export function writingError(folder: string, error: unknown): StoreError {
  const cause = causeOf(error)
  return isFull(cause)
    ? new StoreError('full', `the disk of ${folder} is full: ${cause.message}`, { cause })
    : new StoreError('unavailable', `the store in ${folder} did not write: ${cause.message}`, { cause })
}

/** Why a read failed. */
export function readingError(folder: string, error: unknown): StoreError {
  const cause = causeOf(error)
  const fault = cause.code === 'LEVEL_CORRUPTION' ? 'corrupt' : 'unavailable'
  return new StoreError(fault, `the store in ${folder} did not read: ${cause.message}`, { cause })
}

const isFull = ({ code, message }: LevelError): boolean =>
  code === 'ENOSPC' || code === 'EDQUOT' || /no space left|quota exceeded/i.test(message)

interface LevelError {
  readonly code?: string
  readonly message: string
}

/** What LevelDB itself said: the library puts it behind an error of its own. */
const causeOf = (error: unknown): LevelError => {
  const { cause } = error as Error
  return (cause instanceof Error ? cause : error) as LevelError
}
