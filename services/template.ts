import { readFile } from 'node:fs/promises'
import { ServiceError } from './service.ts'

// Configuration files with placeholders, `@ADDRESS@` and the like, which a reader can open as they are.

/** The file at `path` with every placeholder filled. Throws ServiceError for one without a value. */
export async function fillTemplate(path: string, values: Readonly<Record<string, string | number>>): Promise<string> {
  const text = await readFile(path, 'utf8')
  return text.replaceAll(/@([A-Z][A-Z_]*)@/g, (placeholder, name: string) => {
    const value = values[name]
    if (value === undefined) throw new ServiceError(`${path}: there is no value for ${placeholder}`)
    return String(value)
  })
}
