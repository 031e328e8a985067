import { expect, it } from 'vitest'
import { PlainLoad } from './plain-load.ts'

it('gives the bodies in turn, whole, however many are asked for at once', async () => {
  const load = await PlainLoad.start(300_000, 2)
  try {
    const bodies = [await load.read(), ...(await Promise.all([load.read(), load.read()]))]
    expect(bodies.map(body => [body.length, body.toString('latin1', 0, 6)])).toEqual([
      [300_000, 'body 0'],
      [300_000, 'body 1'],
      [300_000, 'body 0'],
    ])
  } finally {
    load.stop()
  }
})
