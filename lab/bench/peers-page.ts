import { readFile, writeFile } from 'node:fs/promises'

// Tables that commands write into docs/peers.md, each between two marks.

const page = new URL('../../docs/peers.md', import.meta.url)

/** Puts `text` in the place of what stands in section `name`. Throws an error when the page has no such section. */
export async function writeSection(name: string, text: string): Promise<void> {
  await writeFile(page, withSection(await readFile(page, 'utf8'), name, text))
}

export function withSection(before: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: written by its command -->\n`, `<!-- end of ${name} -->`]
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/peers.md has no section '${name}'`)
  return `${before.slice(0, from + begin.length)}${text}\n${before.slice(to)}`
}
