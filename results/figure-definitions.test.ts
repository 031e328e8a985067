import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { definitionOf, type FigureDefinition, figureDefinitions } from './figure-definitions.ts'

const definitions: readonly FigureDefinition[] = figureDefinitions

test('docs/figures.md has exactly the figures of the table, with their definitions', () => {
  const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'figures.md'), 'utf8')
  const rows = page.split('\n').filter(line => line.startsWith('| `'))
  const wanted = definitions.map(({ name, unit, kind, definition, perEdge }) => {
    const names = perEdge ? `\`${name}\`, \`${name}.{edge}\`` : `\`${name}\``
    return `| ${names} | ${unit} | ${kind} | ${definition} |`
  })
  expect(rows).toEqual(wanted)
})

test('every figure has a name of its own and a definition that is a sentence', () => {
  expect(new Set(definitions.map(({ name }) => name)).size).toBe(definitions.length)
  for (const { definition } of definitions) expect(definition).toMatch(/^[A-Z0-9].*\.$/)
})

test('a figure of one edge is defined where the figure is one of edges', () => {
  expect(definitionOf('hit_share.a1')?.name).toBe('hit_share')
  expect(definitionOf('fills_per_segment.a1')).toBeUndefined()
  expect(definitionOf('made_up')).toBeUndefined()
})
