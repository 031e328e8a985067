import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { edgeReasons, originReasons, publishReasons, tierReasons } from './reasons.ts'

describe('the closed list of reasons', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/reasons.md'), 'utf8')

  it.each([
    ['Edge', edgeReasons],
    ['Origin, delivery', originReasons],
    ['Origin, publish', publishReasons],
    ['Origin, tiers', tierReasons],
  ])('%s: docs/reasons.md says the same', (title, reasons) => {
    const section = page.split(/^## /m).find(part => part.startsWith(`${title}\n`)) ?? ''
    const rows = [...section.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].map(([, reason, meaning]) => [reason, meaning])
    expect(rows).toEqual(Object.entries(reasons))
  })
})
