import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

test('exact mode can be bundled for a browser: nothing in it needs Node', async () => {
  const bundled = await build({
    entryPoints: [join(import.meta.dirname, 'exact', 'simulate.ts')],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    metafile: true,
    logLevel: 'silent',
  })
  expect(bundled.warnings).toEqual([])
  const inputs = Object.keys(bundled.metafile.inputs)
  expect(inputs.filter(file => file.startsWith('sim/node/') || file.startsWith('node:'))).toEqual([])
  expect(inputs.some(file => file.endsWith('edge/core/edge.ts'))).toBe(true)
})
