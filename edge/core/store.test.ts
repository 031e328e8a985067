import { describe, expect, test } from 'vitest'
import { answer, ask, edge, fill, one, only, publication, segment } from './testing/rig.ts'

const now = publication(10)

describe('room', () => {
  test('the oldest segment goes first, whatever was asked for last', () => {
    const later = publication(12)
    const core = edge('oca', { storeBytes: 2_500 })
    fill(core, segment(12), answer(200, 600_000), later)
    fill(core, segment(10), answer(200, 600_000), later + 1)
    ask(core, segment(10), later + 2)
    fill(core, segment(11), answer(200, 600_000), later + 3)
    expect(core.inspect(segment(10), later + 4)).toMatchObject({ do: 'fill' })
    expect(core.inspect(segment(12), later + 4)).toMatchObject({ do: 'serve' })
    expect(core.stats()).toMatchObject({ bytes: 2_000, copies: 2, evictions: 1 })
  })

  test('what does not fit at all is refused, and its request ended', () => {
    const core = edge('oca', { storeBytes: 2_500 })
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    const effects = core.fetchHead(fetch, answer(200, 60_000, { 'content-length': '2501' }), now)
    expect(effects.map(effect => effect.do)).toEqual(['abandon', 'answer'])
    expect(core.stats()).toMatchObject({ bytes: 0, copies: 0, fetches: 0, waiting: 0 })
  })

  test('a body without a length is counted as it comes', () => {
    const core = edge('oca', { storeBytes: 2_500 })
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    const { 'content-length': _, ...headers } = answer(200, 60_000).headers
    core.fetchHead(fetch, { status: 200, headers }, now)
    core.fetchBytes(fetch, 2_500, now)
    expect(core.stats().bytes).toBe(2_500)
    expect(core.fetchBytes(fetch, 1, now).map(effect => effect.do)).toEqual(['abandon', 'break', 'drop'])
    expect(core.stats()).toMatchObject({ bytes: 0, fetches: 0 })
  })

  test('distinct names of what is not live push nothing live out', () => {
    const core = edge('oca', { keys: 40 })
    fill(core, segment(10), answer(200, 600_000), now)
    for (let i = 0; i < 100; i++) fill(core, { method: 'GET', path: `/x/${i}` }, answer(200, 600_000), now + i)
    expect(core.inspect(segment(10), now + 200)).toMatchObject({ do: 'serve' })
    expect(core.stats().copies).toBe(11)
  })

  test('a flush drops everything stored', () => {
    const core = edge()
    fill(core, segment(10), answer(200, 600_000), now)
    expect(only(core.flush(now), 'drop')).toHaveLength(1)
    expect(core.stats()).toMatchObject({ copies: 0, bytes: 0, keys: 0 })
    expect(core.inspect(segment(10), now)).toMatchObject({ do: 'fill', reason: 'fill-miss' })
  })
})
