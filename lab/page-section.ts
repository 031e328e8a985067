import { readFile, writeFile } from 'node:fs/promises'

// What commands write into pages of the repository, each between two marks.

/** Puts `text` in the place of what stands in section `name` of `page`. Throws an error when it has no such section. */
export async function writeSection(page: URL, name: string, text: string): Promise<void> {
  await writeFile(page, withSection(await readFile(page, 'utf8'), name, text))
}

export function withSection(before: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: written by its command -->\n`, `<!-- end of ${name} -->`]
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the page has no section '${name}'`)
  return `${before.slice(0, from + begin.length)}${text}\n${before.slice(to)}`
}
