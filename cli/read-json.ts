import { readFileSync } from 'node:fs'

/** The JSON in `file`; throws a `Mistake` that names the file when it cannot be read. */
export function readJson(file: string, Mistake: new (message: string) => Error): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Mistake(`${file} cannot be read: ${(error as Error).message}`)
  }
}
